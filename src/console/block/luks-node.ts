import {
  alignDown,
  alignUp,
  CRYPT_SECTOR_SIZE,
  EngineError,
  payloadOffsetOf,
  type GuestOffset,
  type LuksVolume,
  type SectorCipher,
} from '#engine';
import { FilterNode } from './filter-node.ts';
import {
  refuseCompressed,
  refuseVmState,
  type BlockNode,
  type BlockStatus,
  type NodeOrigin,
  type WriteOptions,
} from './node.ts';

/** A LUKS volume, and the cipher that its master key makes; null for one that is only looked at. */
export interface OpenLuks {
  readonly volume: LuksVolume;
  readonly masterKey: Uint8Array | null;
  readonly cipher: SectorCipher | null;
}

const PIECE = 1024 * 1024;

/** The disk in a LUKS volume: what follows its header, decrypted. Sectors are numbered from the payload on. */
export class LuksNode extends FilterNode {
  readonly luks: OpenLuks;
  readonly #payloadOffset: number;

  constructor(origin: NodeOrigin, file: BlockNode, luks: OpenLuks) {
    super(origin, file);
    this.luks = luks;
    this.#payloadOffset = payloadOffsetOf(luks.volume.header);
  }

  override get length(): number {
    return alignUp(Math.max(0, this.file.length - this.#payloadOffset), CRYPT_SECTOR_SIZE);
  }

  override readAt(at: GuestOffset, into: Uint8Array): void {
    const from = alignDown(at, CRYPT_SECTOR_SIZE);
    const sectors = new Uint8Array(alignUp(at + into.length, CRYPT_SECTOR_SIZE) - from);
    this.#readSectors(from, sectors);
    into.set(sectors.subarray(at - from, at - from + into.length));
  }

  override writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    for (let done = 0; done < bytes.length; done += PIECE) {
      this.#writePiece(at + done, bytes.subarray(done, done + PIECE));
    }
  }

  /** Zeros have to be encrypted as all data has. */
  override writeZeroes(at: GuestOffset, length: number): void {
    const zeros = new Uint8Array(Math.min(PIECE, length));
    for (let done = 0; done < length; done += PIECE) {
      this.writeAt(at + done, zeros.subarray(0, Math.min(PIECE, length - done)));
    }
  }

  /** Nothing is given back: what a discarded sector reads as could not be told from data. */
  override discard(): void {}

  override truncate(length: number): void {
    this.file.truncate(this.#payloadOffset + length);
  }

  override readVmState(): void {
    refuseVmState();
  }

  override writeVmState(): void {
    refuseVmState();
  }

  override statusAt(_at: GuestOffset, length: number): BlockStatus {
    return { length, isAllocated: true, isZero: false, isData: true, isCompressed: false, hostOffset: null };
  }

  get #cipher(): SectorCipher {
    const { cipher } = this.luks;
    if (cipher === null) throw new EngineError('passphrase', 'The volume was opened without its passphrase.');
    return cipher;
  }

  #readSectors(from: GuestOffset, sectors: Uint8Array): void {
    this.file.readAt(this.#payloadOffset + from, sectors);
    this.#cipher.decrypt(sectors, from / CRYPT_SECTOR_SIZE);
  }

  /** Sectors that the piece fills in part keep the rest of what they hold. */
  #writePiece(at: GuestOffset, bytes: Uint8Array): void {
    const from = alignDown(at, CRYPT_SECTOR_SIZE);
    const sectors = new Uint8Array(alignUp(at + bytes.length, CRYPT_SECTOR_SIZE) - from);
    if (sectors.length !== bytes.length) {
      this.#readSectors(from, sectors.subarray(0, CRYPT_SECTOR_SIZE));
      const last = sectors.length - CRYPT_SECTOR_SIZE;
      if (last > 0) this.#readSectors(from + last, sectors.subarray(last));
    }
    sectors.set(bytes, at - from);
    this.#cipher.encrypt(sectors, from / CRYPT_SECTOR_SIZE);
    this.file.writeAt(this.#payloadOffset + from, sectors);
  }
}
