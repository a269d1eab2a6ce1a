import {
  applySnapshot,
  createSnapshot,
  deleteSnapshot,
  findSnapshot,
  isEngineError,
  snapshotListLines,
  StepFailure,
  type EngineErrorCode,
  type Image,
} from '#engine';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure, misused, mustBeEngineError } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { stepFailureText } from '../step-failure.ts';

/** C's errno for a failure, as `qemu-img snapshot -c` prints it; its text is {@link strerror}'s. */
const ERRNO: Readonly<Partial<Record<EngineErrorCode, number>>> = {
  unsupported: -95,
  'invalid-argument': -22,
  'no-space': -28,
  'too-large': -27,
  uncounted: -11,
};

const IO_ERROR = [-5, 'Input/output error'] as const;

const ACTIONS: readonly string[] = ['l', 'a', 'c', 'd'];

export const snapshot: ImgCommand = async (host, args) => {
  let action: string | undefined;
  const invocation = await Invocation.of(host, args, {
    name: 'snapshot',
    short: 'la:c:d:hqU',
    long: { 'force-share': 'U' },
    judge({ name }) {
      if (!ACTIONS.includes(name)) return;
      if (action !== undefined) throw misused("Cannot mix '-l', '-a', '-c', '-d'");
      action = name;
    },
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const node = await invocation.open(name, {
    writable: action !== 'l',
    format: undefined,
    isShared: invocation.has('U'),
  });
  try {
    if (action === undefined) return 0;
    const { image } = node;
    if (action === 'l') {
      if (image !== null && image.snapshots.length > 0)
        host.writeOut(`${snapshotListLines(image.snapshots).join('\n')}\n`);
      return 0;
    }
    const wanted = invocation.value(action)!;
    if (image === null) throw withoutSnapshots(action, wanted);
    if (action === 'c') {
      const now = host.now();
      const dateSeconds = Math.floor(now / 1000);
      const dateNanoseconds = Math.floor((now - dateSeconds * 1000) * 1e6);
      try {
        createSnapshot(image, { name: wanted, dateSeconds, dateNanoseconds });
      } catch (error) {
        if (!isEngineError(error)) throw error;
        invocation.tellCorruption(error);
        const errno = ERRNO[error.code];
        throw failure(wanted, ...(errno === undefined ? IO_ERROR : ([errno, strerror(error)] as const)));
      }
    } else if (action === 'a') {
      const found = findSnapshot(image, wanted);
      if (found === null) {
        throw new ImgFailure(`Could not apply snapshot '${wanted}': ${withoutSnapshot(image)}`);
      }
      try {
        applySnapshot(image, found);
      } catch (error) {
        throw new ImgFailure(`Could not apply snapshot '${wanted}': ${reasonOf(invocation, error)}`);
      }
    } else {
      const found = image.snapshots.find((one) => one.name === wanted);
      if (found === undefined) throw new ImgFailure(`Could not delete snapshot '${wanted}': snapshot not found`);
      try {
        deleteSnapshot(image, found);
      } catch (error) {
        throw new ImgFailure(`Could not delete snapshot '${wanted}': ${reasonOf(invocation, error)}`);
      }
    }
    return 0;
  } finally {
    node.close();
  }
};

function reasonOf(invocation: Invocation, error: unknown): string {
  return error instanceof StepFailure ? stepFailureText(invocation, error) : mustBeEngineError(error).message;
}

/** Why a snapshot that is not there cannot be applied: other reasons come first. */
function withoutSnapshot({ bitmaps, geometry }: Image): string {
  if (bitmaps.list.length > 0) return 'Device has active dirty bitmaps';
  return `Failed to load snapshot: ${geometry.hasDataFile ? 'Operation not supported' : 'No such file or directory'}`;
}

function failure(name: string, errno: number, text: string): ImgFailure {
  return new ImgFailure(`Could not create snapshot '${name}': ${errno} (${text})`);
}

/** What is said of a format that has no snapshots. */
function withoutSnapshots(action: string, name: string): ImgFailure {
  if (action === 'c') return failure(name, -95, 'Operation not supported');
  return new ImgFailure(
    action === 'a'
      ? `Could not apply snapshot '${name}': Block driver does not support snapshots`
      : `Could not delete snapshot '${name}': snapshot not found`,
  );
}
