import { EngineError, OverlayStorage, type OverlayPiece, type Storage } from '#engine';
import type { ImageId } from '#protocol';
import { BlobStorage } from '../storage/blob.ts';
import type { Folder } from './folder.ts';
import type { LocalFiles } from './local-files.ts';

const BROWSER = 'opfs:';
const ZEROS_SIZE = 1024 * 1024;

export function browserId(name: string): ImageId {
  return BROWSER + name;
}

/** The name of an image in the browser's storage, null for a local file. */
export function browserName(id: ImageId): string | null {
  return id.startsWith(BROWSER) ? id.slice(BROWSER.length) : null;
}

/** Opens the bytes of an image, wherever it lives: in the browser's storage, or in a local file with its overlay. */
export class ImageFiles {
  readonly #images: Folder;
  readonly #overlays: Folder;
  readonly #local: LocalFiles;

  constructor(images: Folder, overlays: Folder, local: LocalFiles) {
    this.#images = images;
    this.#overlays = overlays;
    this.#local = local;
  }

  /** To read at length: fast, and refused as `locked` while another tab changes the image. */
  async openToLook(id: ImageId): Promise<Storage> {
    const name = browserName(id);
    if (name !== null) return this.#images.open(name, 'read');
    const file = await this.#local.file(id);
    if (!(await this.hasOverlay(id))) return new BlobStorage(file);
    return this.#openOverlay(id, file, (part) => this.#overlays.open(part, 'read'));
  }

  /** Without the changes that an overlay makes. */
  async openOriginal(id: ImageId): Promise<Storage> {
    return browserName(id) === null ? new BlobStorage(await this.#local.file(id)) : this.openToLook(id);
  }

  /** To read a little at once: never locked, but unreadable as soon as somebody writes. */
  async openSnapshot(id: ImageId): Promise<Storage> {
    const name = browserName(id);
    if (name !== null) return new BlobStorage(await this.#images.file(name));
    const file = await this.#local.file(id);
    if (!(await this.hasOverlay(id))) return new BlobStorage(file);
    return this.#openOverlay(id, file, async (part) => new BlobStorage(await this.#overlays.file(part)));
  }

  /** To change it; a local file itself is never written, its overlay is. */
  async openToChange(id: ImageId): Promise<Storage> {
    const name = browserName(id);
    if (name !== null) return this.#images.open(name, 'write');
    return this.openOverlayToChange(id);
  }

  async openOverlayToChange(id: ImageId): Promise<OverlayStorage> {
    const file = await this.#local.file(id);
    return this.#openOverlay(id, file, (part) => this.#overlays.openOrCreate(part));
  }

  /** The image in one piece, put together without reading it. */
  async blob(id: ImageId): Promise<Blob> {
    const name = browserName(id);
    if (name !== null) return this.#images.file(name);
    const file = await this.#local.file(id);
    if (!(await this.hasOverlay(id))) return file;
    const data = await this.#overlays.file(partNames(id).data);
    const overlay = await this.#openOverlay(id, file, async (part) => new BlobStorage(await this.#overlays.file(part)));
    try {
      return new Blob(Array.from(overlay.pieces(), (piece) => blobOfPiece(piece, file, data)));
    } finally {
      overlay.close();
    }
  }

  async hasOverlay(id: ImageId): Promise<boolean> {
    return this.#overlays.has(partNames(id).journal);
  }

  /** Drops the changes to a local file, whether or not they fit its present state. */
  async removeOverlay(id: ImageId): Promise<void> {
    // The journal first: without it the data means nothing, the other way round it would point to nothing.
    await this.#overlays.remove(partNames(id).journal);
    await this.#overlays.remove(partNames(id).data);
  }

  async #openOverlay(id: ImageId, file: File, openPart: (name: string) => Promise<Storage>): Promise<OverlayStorage> {
    const names = partNames(id);
    const opened: Storage[] = [new BlobStorage(file)];
    try {
      // The data file comes into being first, see `removeOverlay`.
      const data = await openPart(names.data);
      opened.push(data);
      const journal = await openPart(names.journal);
      opened.push(journal);
      const baseVersion = { size: file.size, modified: file.lastModified };
      return new OverlayStorage({ base: opened[0]!, baseVersion, data, journal });
    } catch (error) {
      for (const storage of opened) storage.close();
      throw error;
    }
  }
}

function blobOfPiece({ from, at, length }: OverlayPiece, base: Blob, data: Blob): BlobPart {
  if (from === 'zeros') return zeros(length);
  return (from === 'base' ? base : data).slice(at, at + length);
}

/** Many zeros out of few: a blob holds its parts by reference. */
function zeros(length: number): Blob {
  const part = new Blob([new Uint8Array(Math.min(length, ZEROS_SIZE))]);
  const parts = Array.from({ length: Math.ceil(length / ZEROS_SIZE) }, () => part);
  return new Blob(parts).slice(0, length);
}

/** File names of the two parts of an overlay. */
function partNames(id: ImageId): { data: string; journal: string } {
  if (!/^local:[-\w]+$/.test(id)) throw new EngineError('invalid-argument', `'${id}' does not name an image.`);
  const key = id.slice('local:'.length);
  return { data: `${key}.data`, journal: `${key}.journal` };
}
