import {
  EngineError,
  checkImage,
  checkOutput,
  checkTranscript,
  drain,
  type CheckCounters,
  type Storage,
} from '#engine';
import { BACKING_NAME } from '../run/base-image.ts';
import { reopenRecorded, type CrashPoint } from './crash-point.ts';

const FILE_SIZE_MAX = 1024 * 1024 * 1024;

export interface ExportedCrash {
  /** The crash image, and its backing file if it has one. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
  /** What a terminal shows of `qemu-img check`. */
  readonly expectedTranscript: string;
  readonly expectedExitCode: number;
  readonly counters: CheckCounters;
  readonly commands: readonly string[];
}

/** The crash image as a file, as the power cut left it or after its repair, with what the real tool will say of it. */
export function exportCrash(point: CrashPoint, { repaired }: { readonly repaired: boolean }): ExportedCrash {
  const { run, media, cut } = point;
  const name = `crash-${cut}${point.depth > 0 ? `-repair-${point.depth}` : ''}${repaired ? '-repaired' : ''}.qcow2`;
  const storage = repaired ? reopenRecorded(run, media).recorder : media;
  const report = drain(checkImage(storage));
  const files = [{ name, bytes: bytesOf(storage) }];
  if (run.backing !== null) {
    const bytes = new Uint8Array(limited(run.backing.virtualSize));
    run.backing.readAt(0, bytes);
    files.push({ name: BACKING_NAME, bytes });
  }
  return {
    files,
    expectedTranscript: checkTranscript(report),
    expectedExitCode: checkOutput(report).exitCode,
    counters: { ...report.counters },
    commands: [`qemu-img check ${name}`, `qemu-img info ${name}`, `qemu-img check -r all ${name}`],
  };
}

export function bytesOf(storage: Storage): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(limited(storage.size));
  storage.read(0, bytes);
  return bytes;
}

function limited(size: number): number {
  if (size <= FILE_SIZE_MAX) return size;
  throw new EngineError(
    'unsupported',
    'The file is larger than 1 GiB and cannot be made in memory. Nothing was changed.',
  );
}
