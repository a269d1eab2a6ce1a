import {
  closeImage,
  discard,
  EngineError,
  extentAt,
  flushImage,
  readAt,
  readVmState,
  resizeImage,
  unitOfHoles,
  UnwrittenTables,
  writeAt,
  writeCompressed,
  writeVmState,
  writeZeroes,
  type GuestOffset,
  type HostOffset,
  type Image,
  type Preallocation,
  type Storage,
} from '#engine';
import { strerror } from '../text/strerror.ts';
import type { Report } from './driver.ts';
import { holeAt } from './file-holes.ts';
import { shownNameOf } from './node-name.ts';
import { storageOf } from './node-storage.ts';
import type { BlockNode, BlockStatus, NodeOrigin, StatusWanted, WriteOptions } from './node.ts';
import { isAllZero } from './zeros.ts';

export interface Qcow2Parts {
  readonly origin: NodeOrigin;
  readonly image: Image;
  readonly file: BlockNode;
  /** The external data file, where the image has one. */
  readonly dataFile: BlockNode | null;
  readonly backing: BlockNode | null;
  /** The name of the backing file that the image itself asks for. */
  readonly impliedBacking: string | null;
  readonly report: Report;
}

/** A qcow2 disk over a node that holds its file. */
export class Qcow2Node implements BlockNode {
  readonly origin: NodeOrigin;
  readonly file: BlockNode;
  readonly dataFile: BlockNode | null;
  readonly backing: BlockNode | null;
  readonly impliedBacking: string | null;
  readonly children: ReadonlyMap<string, BlockNode>;
  readonly image: Image;

  readonly #report: Report;
  /** In what units the file's holes count, null: not at all. Found out when it is first asked. */
  #holeUnit?: number | null;

  constructor({ origin, image, file, dataFile, backing, impliedBacking, report }: Qcow2Parts) {
    this.#report = report;
    this.origin = origin;
    this.image = image;
    this.file = file;
    this.dataFile = dataFile;
    this.backing = backing;
    this.impliedBacking = impliedBacking;
    const others = [
      ['data-file', dataFile],
      ['backing', backing],
    ] as const;
    this.children = new Map([
      ['file', file],
      ...others.flatMap(([name, node]) => (node === null ? [] : [[name, node] as const])),
    ]);
  }

  get driver(): string {
    return this.origin.driver.name;
  }

  get filename(): string {
    return shownNameOf(this);
  }

  get isReadOnly(): boolean {
    return !this.image.isWritable;
  }

  get length(): number {
    return this.image.virtualSize;
  }

  get storage(): Storage {
    return storageOf(this.file);
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    this.#mustBeUsable();
    readAt(this.image, at, into);
  }

  /** Where the bytes stand in one piece in the file, as the guest sees them. */
  readLater(at: GuestOffset, into: Uint8Array): Promise<void> | null {
    const { image } = this;
    if (image.isMarkedCorrupt || image.cipher !== null) return null;
    const extent = extentAt(image, at, into.length);
    if (extent.kind !== 'data' || extent.length < into.length) return null;
    return (this.dataFile ?? this.file).readLater?.(extent.hostOffset as number, into) ?? null;
  }

  writeAt(at: GuestOffset, bytes: Uint8Array, { compressed = false, stream }: WriteOptions = {}): void {
    this.#mustBeUsable();
    const { detectZeroes } = this.origin;
    if (detectZeroes !== 'off' && isAllZero(bytes)) {
      writeZeroes(this.image, at, bytes.length, { unmap: detectZeroes === 'unmap' });
    } else if (compressed) writeCompressed(this.image, at, bytes, stream);
    else writeAt(this.image, at, bytes);
  }

  writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    this.#mustBeUsable();
    writeZeroes(this.image, at, length, options);
  }

  discard(at: GuestOffset, length: number): void {
    this.#mustBeUsable();
    if (!this.origin.passesDiscards) return;
    discard(this.image, at, length);
    this.#mustBeUsable();
  }

  flush(): void {
    this.#mustBeUsable();
    flushImage(this.image);
  }

  truncate(length: number, preallocation: Preallocation = 'off'): void {
    resizeImage(this.image, length, preallocation);
  }

  readVmState(at: number, into: Uint8Array): void {
    this.#mustBeUsable();
    readVmState(this.image, at, into);
  }

  writeVmState(at: number, bytes: Uint8Array): void {
    this.#mustBeUsable();
    writeVmState(this.image, at, bytes);
  }

  statusAt(at: GuestOffset, lengthMax: number, wanted: StatusWanted = 'zeros'): BlockStatus {
    this.#mustBeUsable();
    const extent = extentAt(this.image, at, lengthMax);
    const isReadable = extent.kind !== 'compressed' && this.image.cipher === null;
    const hole =
      wanted !== 'allocation' && isReadable && extent.kind === 'data'
        ? this.#holeAt(extent.hostOffset, extent.length)
        : null;
    return {
      length: hole?.length ?? extent.length,
      isAllocated: extent.kind !== 'unallocated',
      isZero: extent.kind === 'zero' || hole?.isZero === true,
      isData: extent.kind === 'data' || extent.kind === 'compressed',
      isCompressed: extent.kind === 'compressed',
      hostOffset: isReadable ? extent.hostOffset : null,
    };
  }

  /** Where clusters were given out ahead of their data, what the file itself says of a place; null where not. */
  #holeAt(hostOffset: HostOffset, lengthMax: number): Pick<BlockStatus, 'isZero' | 'length'> | null {
    const { image, file } = this;
    if (this.#holeUnit === undefined) this.#holeUnit = unitOfHoles(image, file.allocatedBytes ?? Infinity);
    const dataFile = this.dataFile ?? file;
    if (this.#holeUnit === null || dataFile.knowsHoles !== true) return null;
    return holeAt(dataFile, hostOffset, lengthMax, this.#holeUnit);
  }

  close(): void {
    try {
      closeImage(this.image);
    } catch (error) {
      if (!(error instanceof UnwrittenTables)) throw error;
      for (const { name, cause } of error.caches) this.#report(`Failed to flush the ${name} cache: ${strerror(cause)}`);
    } finally {
      this.backing?.close();
    }
  }

  /** An image that this session marked corrupt is out of service at once, as in QEMU. @throws EngineError closed */
  #mustBeUsable(): void {
    if (this.image.isMarkedCorrupt)
      throw new EngineError('closed', 'The image was found corrupt and is out of service.');
  }
}
