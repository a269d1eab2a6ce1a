import { EngineError, MemoryStorage, type GuestOffset, type Storage } from '#engine';
import type { BlockDriver } from './driver.ts';
import type { BlockNode, NodeOrigin, WriteOptions } from './node.ts';
import { RawNode, type RawWindow } from './raw-node.ts';

const SECTOR = 512;

/**
 * A raw disk that nobody called raw: its first bytes are of no format. A guest that could write a header there would have
 * the disk opened as an image the next time, with whatever file of the host that names as its backing file.
 */
export class GuessedRawNode extends RawNode {
  readonly #probe: (storage: Storage) => BlockDriver;

  constructor(
    origin: NodeOrigin,
    file: BlockNode,
    { window, probe }: { readonly window: RawWindow; readonly probe: (storage: Storage) => BlockDriver },
  ) {
    super(origin, file, window);
    this.#probe = probe;
  }

  override writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    if (at < SECTOR && bytes.length > 0) this.#mustStayRaw(at, bytes.subarray(0, SECTOR - at));
    super.writeAt(at, bytes, options);
  }

  override writeLater(at: GuestOffset, bytes: Uint8Array): Promise<void> | null {
    return at < SECTOR ? null : super.writeLater(at, bytes);
  }

  /** @throws EngineError read-only for bytes with which the first sector would be that of a format */
  #mustStayRaw(at: GuestOffset, bytes: Uint8Array): void {
    const sector = new Uint8Array(SECTOR);
    if (bytes.length < SECTOR) this.readAt(0, sector);
    sector.set(bytes, at);
    const storage = new MemoryStorage();
    storage.write(0, sector);
    if (this.#probe(storage) === this.origin.driver) return;
    throw new EngineError('read-only', 'The format of this disk was guessed as raw, so it must not begin as an image.');
  }
}
