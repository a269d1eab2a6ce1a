import { applySnapshot, createSnapshot, deleteSnapshot, findSnapshot, isEngineError, snapshotListLines } from '#engine';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure, Invocation, misused, mustBeEngineError, type ImgCommand } from '../invocation.ts';

/** What C's errno says for a failure, as `qemu-img snapshot` prints it. */
const ERRNO: Readonly<Record<string, readonly [number, string]>> = {
  unsupported: [-95, 'Operation not supported'],
  'invalid-argument': [-22, 'Invalid argument'],
  'no-space': [-28, 'No space left on device'],
};

export const snapshot: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, { short: 'la:c:d:hqU', long: { 'force-share': 'U' } });
  const actions = ['l', 'a', 'c', 'd'].filter((name) => invocation.has(name));
  if (actions.length > 1) throw misused("Cannot mix '-l', '-a', '-c', '-d'");
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const action = actions[0] ?? 'l';
  const node = await invocation.open(name, { writable: action !== 'l', format: undefined });
  try {
    const { image } = node;
    if (action === 'l') {
      if (image !== null && image.snapshots.length > 0)
        host.writeOut(`${snapshotListLines(image.snapshots).join('\n')}\n`);
      return 0;
    }
    const wanted = invocation.value(action)!;
    if (image === null) throw failure(action, wanted, -95, 'Operation not supported');
    if (action === 'c') {
      const now = host.now();
      const dateSeconds = Math.floor(now / 1000);
      const dateNanoseconds = Math.floor((now - dateSeconds * 1000) * 1e6);
      try {
        createSnapshot(image, { name: wanted, dateSeconds, dateNanoseconds });
      } catch (error) {
        if (!isEngineError(error)) throw error;
        throw failure(action, wanted, ...(ERRNO[error.code] ?? [-5, 'Input/output error']));
      }
    } else if (action === 'a') {
      const found = findSnapshot(image, wanted);
      if (found === null) {
        throw new ImgFailure(
          `Could not apply snapshot '${wanted}': Failed to load snapshot: No such file or directory`,
        );
      }
      try {
        applySnapshot(image, found);
      } catch (error) {
        throw new ImgFailure(`Could not apply snapshot '${wanted}': ${mustBeEngineError(error).message}`);
      }
    } else {
      const found = image.snapshots.find((one) => one.name === wanted);
      if (found === undefined) throw new ImgFailure(`Could not delete snapshot '${wanted}': snapshot not found`);
      try {
        deleteSnapshot(image, found);
      } catch (error) {
        const { message, cause } = mustBeEngineError(error);
        const reason = isEngineError(cause) ? `${message}: ${strerror(cause)}` : message;
        throw new ImgFailure(`Could not delete snapshot '${wanted}': ${reason}`);
      }
    }
    return 0;
  } finally {
    node.close();
  }
};

function failure(action: string, name: string, errno: number, text: string): ImgFailure {
  const verb = action === 'c' ? 'create' : action === 'a' ? 'apply' : 'delete';
  return new ImgFailure(`Could not ${verb} snapshot '${name}': ${errno} (${text})`);
}
