import {
  deriveWith,
  EngineError,
  luksVolumeOf,
  unlockImage,
  type ImageCipher,
  type ImageHead,
  type Storage,
} from '#engine';
import { secretNamed } from '../options/secrets.ts';
import { takeChild, takeOption } from '../options/options.ts';
import type { DriverContext } from './driver.ts';

/**
 * Takes the options `encrypt.*` out and makes the cipher of an image with the secret that they name.
 * @returns undefined for an image in the clear, and where no secret is named, which the opening of the image judges
 * @throws EngineError passphrase, invalid-argument; with QEMU's texts
 */
export async function takeImageCipher(
  { host, objects, options, flags }: DriverContext,
  storage: Storage,
  head: ImageHead,
): Promise<ImageCipher | 'locked' | undefined> {
  const encrypt = takeChild(options, 'encrypt');
  const format = takeOption(encrypt, 'format');
  const id = takeOption(encrypt, 'key-secret');
  const { encryption } = head;
  if (encryption === 'none') {
    if (format === undefined) return undefined;
    throw refused(`No encryption in image header, but options specified format '${format}'`);
  }
  if (format !== undefined && format !== encryption) {
    throw refused(`Header reported '${encryption}' encryption format but options specify '${format}'`);
  }
  const [unknown] = encrypt.keys();
  if (unknown !== undefined) throw refused(`Parameter '${unknown}' is unexpected`);
  if (flags.withoutData === true) {
    // Nobody asks for a key, but what says how to make one is read all the same.
    if (encryption === 'luks') luksVolumeOf(storage, head);
    return 'locked';
  }
  if (id === undefined) return undefined;
  const passphrase = secretNamed(objects, id);
  return deriveWith(unlockImage(storage, head, passphrase), (request) => host.pbkdf2(request));
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
