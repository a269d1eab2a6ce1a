import fc from 'fast-check';
import { guestOperations, qemuIoCommand, type Target } from '../engine/image/operations.ts';

/** One start of a program on `disk`. */
export interface Command {
  readonly program: 'qemu-img' | 'qemu-io';
  readonly args: readonly string[];
}

export interface CommandTarget extends Target {
  /** Refcount widths to go over to; an image of version 2 knows 16 only. */
  readonly refcountBits: readonly number[];
  /** What sizes are multiples of. */
  readonly sizeUnit: number;
}

/**
 * Commands that change a disk and what stands around it: guest operations, snapshots, resizing, and most of all amendments of
 * its options. Some are refused, as they come.
 */
export function commands(target: CommandTarget): fc.Arbitrary<Command> {
  return fc.oneof(
    { weight: 6, arbitrary: guestCommands(target) },
    { weight: 3, arbitrary: amendments(target) },
    { weight: 2, arbitrary: snapshotCommands() },
    { weight: 1, arbitrary: resizing(target) },
  );
}

/** A few operations in one session; a compressed write is the first of its session (see random-operations). */
function guestCommands(target: Target): fc.Arbitrary<Command> {
  return fc.array(guestOperations(target), { minLength: 1, maxLength: 8 }).map((operations) => {
    const first = operations.findLast(({ kind }) => kind === 'compressed');
    const others = operations.filter(({ kind }) => kind !== 'compressed');
    const session = first === undefined ? others : [first, ...others];
    return { program: 'qemu-io', args: [...session.flatMap((each) => ['-c', qemuIoCommand(each)]), 'disk'] };
  });
}

function amendments({ refcountBits }: CommandTarget): fc.Arbitrary<Command> {
  const options = fc.record(
    {
      compat: fc.constantFrom('0.10', '1.1'),
      lazy_refcounts: fc.constantFrom('on', 'off'),
      refcount_bits: fc.constantFrom(...refcountBits),
    },
    { requiredKeys: [] },
  );
  return options.map((chosen) => {
    const text = Object.entries(chosen).map(([name, value]) => `${name}=${value}`);
    return { program: 'qemu-img', args: ['amend', '-f', 'qcow2', '-o', text.join(',') || 'compat=1.1', 'disk'] };
  });
}

function snapshotCommands(): fc.Arbitrary<Command> {
  return fc
    .tuple(fc.constantFrom('-c', '-c', '-a', '-d'), fc.constantFrom('one', 'two', 'three'))
    .map(([verb, name]) => ({ program: 'qemu-img', args: ['snapshot', verb, name, 'disk'] }));
}

function resizing({ virtualSize, sizeUnit }: CommandTarget): fc.Arbitrary<Command> {
  const units = virtualSize / sizeUnit;
  return fc.integer({ min: Math.ceil(units / 2), max: Math.floor(units * 1.25) }).map((count) => ({
    program: 'qemu-img',
    args: ['resize', '-f', 'qcow2', '--shrink', 'disk', String(count * sizeUnit)],
  }));
}
