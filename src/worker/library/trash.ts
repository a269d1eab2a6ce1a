import { EngineError } from '#engine';
import type { Folder } from './folder.ts';
import { freeName } from './names.ts';

/** How long a deleted image can be brought back. */
const KEPT_MS = 60 * 60 * 1000;

/** Deleted images, each under a name that says when it came and what it was called. */
export class Trash {
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  async put(name: string, from: Folder): Promise<string> {
    for (let number = 0; ; number++) {
      const token = `${Date.now() + number}~${name}`;
      if (await this.#folder.has(token)) continue;
      await from.move(name, this.#folder, token);
      return token;
    }
  }

  /** Moves a deleted image back, under its old name or, if that is taken, one like it; returns the name. */
  async takeBack(token: string, to: Folder): Promise<string> {
    if (!(await this.#folder.has(token))) {
      throw new EngineError('not-found', 'This image cannot be brought back any more.');
    }
    const name = freeName(token.slice(token.indexOf('~') + 1), await to.names());
    await this.#folder.move(token, to, name);
    return name;
  }

  /** Removes for good what was deleted more than an hour ago; younger ones may belong to an undo in another tab. */
  async sweep(): Promise<void> {
    for (const token of await this.#folder.names()) {
      if (Number.parseInt(token) < Date.now() - KEPT_MS) await this.#folder.remove(token);
    }
  }
}
