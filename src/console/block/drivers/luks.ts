import { deriveWith, EngineError, LUKS_MAGIC, LUKS_MAGIC_END, readLuksVolume, unlockLuks, volumeCipher } from '#engine';
import { secretNamed } from '../../options/secrets.ts';
import { takeOption } from '../../options/options.ts';
import type { BlockDriver } from '../driver.ts';
import { LuksNode } from '../luks-node.ts';
import { storageOf } from '../node-storage.ts';

/** A LUKS volume in a file of its own. */
export const LUKS: BlockDriver = {
  name: 'luks',
  kind: 'format',
  hasMetadata: true,
  strongOptions: ['key-secret'],
  recognises(storage) {
    const start = new Uint8Array(8);
    storage.read(0, start);
    const view = new DataView(start.buffer);
    return view.getUint32(0) === LUKS_MAGIC && view.getUint16(4) === LUKS_MAGIC_END && view.getUint16(6) === 1;
  },
  async open(context) {
    const { host, objects, options, flags } = context;
    const id = takeOption(options, 'key-secret');
    const file = await context.openFile();
    const storage = storageOf(file);
    if (flags.withoutData === true) {
      return new LuksNode(context.origin, file, {
        volume: readLuksVolume((at, into) => storage.read(at, into)),
        cipher: null,
        masterKey: null,
      });
    }
    if (id === undefined) throw new EngineError('passphrase', "Parameter 'key-secret' is required for cipher");
    const passphrase = secretNamed(objects, id);
    const read = (at: number, into: Uint8Array) => storage.read(at, into);
    const volume = readLuksVolume(read);
    const masterKey = await deriveWith(unlockLuks(volume, read, passphrase), (request) => host.pbkdf2(request));
    return new LuksNode(context.origin, file, { volume, masterKey, cipher: volumeCipher(volume, masterKey) });
  },
};
