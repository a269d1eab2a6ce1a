import {
  deriveWith,
  EngineError,
  luksVolumeOf,
  unlockImage,
  type ImageCipher,
  type ImageHead,
  type Storage,
} from '#engine';
import type { ImageId, ImageProgress } from '#protocol';
import { derive } from '../derive.ts';

/** LUKS header up to its key slots, which change with passphrases: it holds the digest of the master key. */
const IDENTITY_LENGTH = 208;

interface Key {
  readonly cipher: ImageCipher;
  /** What the image had to show when it was unlocked. */
  readonly identity: string;
}

/** What unlocking has besides its input. */
interface Unlocking {
  readonly signal: AbortSignal;
  progress(progress: ImageProgress): void;
}

/** The keys of images whose passphrase was given. They are kept in the worker's memory, and nowhere else. */
export class Keys {
  readonly #keys = new Map<ImageId, Key>();

  /** @throws EngineError passphrase where it is wrong, as far as the image can tell; cancelled */
  async unlock(id: ImageId, storage: Storage, head: ImageHead, passphrase: string, context: Unlocking): Promise<void> {
    const bytes = new TextEncoder().encode(passphrase);
    const total = roundsOf(storage, head);
    let done = 0;
    const cipher = await deriveWith(unlockImage(storage, head, bytes), async (request) => {
      context.progress({ phase: 'unlock', done, total });
      const key = await unlessAborted(derive(request), context.signal);
      done += request.iterations;
      return key;
    });
    this.#keys.set(id, { cipher, identity: identityOf(storage, head) });
  }

  /** The cipher of an image that was unlocked; null where it was not, or has become another image since. */
  cipherOf(id: ImageId, storage: Storage, head: ImageHead): ImageCipher | null {
    const key = this.#keys.get(id);
    if (key === undefined) return null;
    if (head.encryption !== 'none' && key.identity === identityOf(storage, head)) return key.cipher;
    this.forget(id);
    return null;
  }

  forget(id: ImageId): void {
    this.#keys.delete(id);
  }
}

function identityOf(storage: Storage, head: ImageHead): string {
  if (head.encryption !== 'luks') return head.encryption;
  const bytes = new Uint8Array(IDENTITY_LENGTH);
  storage.read(head.extensions.luks!.offset, bytes);
  return bytes.join();
}

/** Rounds of key derivation that trying all key slots takes. */
function roundsOf(storage: Storage, head: ImageHead): number {
  if (head.encryption !== 'luks') return 0;
  const { keySlots, masterKeyIterations } = luksVolumeOf(storage, head).header;
  return keySlots
    .filter(({ state }) => state === 'active')
    .reduce((sum, { iterations }) => sum + iterations + masterKeyIterations, 0);
}

/** The browser derives a key to its end; what comes of it after a cancel is nobody's concern. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const cancel = () => reject(new EngineError('cancelled', 'Cancelled.'));
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
  });
  return Promise.race([work, aborted]);
}
