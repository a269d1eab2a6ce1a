import { describe, expect, it } from 'vitest';
import {
  EngineError,
  isEngineError,
  MemoryStorage,
  OVERLAY_BLOCK_SIZE,
  OverlayStorage,
  type StorageRange,
  type Storage,
} from '#engine';
import { codeOf, describeStorageContract, expectBytes, pattern, readBack } from './contract.ts';

const BLOCK = OVERLAY_BLOCK_SIZE;
const VERSION = { size: 300_000, modified: 1_700_000_000_000 };

/** A memory storage that survives being closed, as a file does. */
function asFile(file: MemoryStorage, isReadOnly = false): Storage {
  return {
    isReadOnly,
    get size() {
      return file.size;
    },
    read: (at, into) => file.read(at, into),
    write: (at, bytes) => file.write(at, bytes),
    truncate: (size) => file.truncate(size),
    discard: () => undefined,
    flush: () => undefined,
    close: () => undefined,
  };
}

class Desk {
  base = MemoryStorage.from(pattern(VERSION.size));
  readonly data = new MemoryStorage();
  readonly journal = new MemoryStorage();

  open({ version = VERSION, isReadOnly = false } = {}): OverlayStorage {
    const data = asFile(this.data, isReadOnly);
    const journal = asFile(this.journal, isReadOnly);
    return new OverlayStorage({ base: asFile(this.base, true), baseVersion: version, data, journal });
  }
}

describeStorageContract('an overlay over an empty original', () => {
  const data = new MemoryStorage();
  const journal = new MemoryStorage();
  return {
    open: () =>
      new OverlayStorage({
        base: asFile(new MemoryStorage(), true),
        baseVersion: { size: 0, modified: 1 },
        data: asFile(data),
        journal: asFile(journal),
      }),
    remove: () => undefined,
    isPersistent: true,
  };
});

describe('an overlay', () => {
  it('shows the original until something is written, and leaves it as it is', () => {
    const desk = new Desk();
    const overlay = desk.open();
    expect(overlay.hasChanges).toBe(false);
    expectBytes(readBack(overlay, 0, VERSION.size), pattern(VERSION.size));
    overlay.write(100, new Uint8Array(10));
    expectBytes(
      readBack(overlay, 90, 30),
      Uint8Array.from([...pattern(300).subarray(90, 100), ...new Uint8Array(10), ...pattern(300).subarray(110, 120)]),
    );
    expectBytes(desk.base.toBytes(), pattern(VERSION.size));
  });

  it('tells the original what will be read, and shows its own changes all the same', () => {
    const desk = new Desk();
    const told: StorageRange[] = [];
    const base = Object.assign(asFile(desk.base, true), { willRead: (ranges: StorageRange[]) => told.push(...ranges) });
    const [data, journal] = [asFile(desk.data), asFile(desk.journal)];
    const overlay = new OverlayStorage({ base, baseVersion: VERSION, data, journal });
    overlay.write(BLOCK, new Uint8Array(10));
    const ranges = [0, BLOCK, 3 * BLOCK].map((at) => ({ at, length: 10 }));
    overlay.willRead!(ranges);
    expect(told).toEqual(ranges);
    expectBytes(readBack(overlay, BLOCK, 10), new Uint8Array(10));
    expect(desk.open().willRead).toBeUndefined();
  });

  it('keeps flushed changes over a crash and loses unflushed ones without harm', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(1000, new Uint8Array(100));
    overlay.flush();
    overlay.write(2 * BLOCK, new Uint8Array(100));
    const reopened = desk.open();
    expectBytes(readBack(reopened, 1000, 100), new Uint8Array(100));
    expectBytes(readBack(reopened, 2 * BLOCK, 100), pattern(VERSION.size).subarray(2 * BLOCK, 2 * BLOCK + 100));
    expect(reopened.changedBlockCount).toBe(1);
  });

  it('lists changed blocks with neighbours joined and cut at the end', () => {
    const overlay = new Desk().open();
    overlay.write(BLOCK + 5, new Uint8Array(1));
    overlay.write(2 * BLOCK - 1, new Uint8Array(2));
    overlay.write(VERSION.size - 1, new Uint8Array(1));
    expect(overlay.changedRanges()).toEqual([
      { at: BLOCK, length: 2 * BLOCK },
      { at: 4 * BLOCK, length: VERSION.size - 4 * BLOCK },
    ]);
    expect(overlay.changedBlockCount).toBe(3);
  });

  it('says where its bytes stand, in order and without gaps', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(BLOCK, new Uint8Array(BLOCK).fill(9));
    overlay.truncate(200_000);
    overlay.write(400_000, new Uint8Array([8]));
    const data = desk.data.toBytes();
    const base = desk.base.toBytes();
    const whole: number[] = [];
    for (const { from, at, length } of overlay.pieces()) {
      const bytes =
        from === 'zeros' ? new Uint8Array(length) : (from === 'base' ? base : data).subarray(at, at + length);
      expect(bytes.length).toBe(length);
      for (const byte of bytes) whole.push(byte);
    }
    expectBytes(Uint8Array.from(whole), readBack(overlay, 0, overlay.size));
    expect([...overlay.pieces()].map(({ from }) => from)).toEqual(['base', 'data', 'base', 'zeros', 'data']);
  });

  it('never shows again what was cut off from the original', () => {
    const desk = new Desk();
    let overlay = desk.open();
    overlay.truncate(1000);
    overlay.truncate(VERSION.size);
    overlay.flush();
    overlay = desk.open();
    expectBytes(readBack(overlay, 0, 1000), pattern(1000));
    expectBytes(readBack(overlay, 1000, VERSION.size - 1000), new Uint8Array(VERSION.size - 1000));
    expect(overlay.hasChanges).toBe(true);
  });

  it('takes a flush as a whole: with the end of the journal torn off, the flush before it holds', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(0, new Uint8Array(BLOCK).fill(1));
    overlay.flush();
    const end = desk.journal.size;
    overlay.truncate(100);
    overlay.write(2 * BLOCK, new Uint8Array(10).fill(2));
    overlay.flush();
    const whole = desk.journal.toBytes();
    for (let size = end; size < whole.length; size++) {
      desk.journal.truncate(size);
      const reopened = desk.open();
      expect(reopened.size, `journal cut to ${size}`).toBe(VERSION.size);
      expectBytes(readBack(reopened, 0, BLOCK), new Uint8Array(BLOCK).fill(1), `journal cut to ${size}`);
      desk.journal.truncate(0);
      desk.journal.write(0, whole);
    }
    expect(desk.open().size).toBe(2 * BLOCK + 10);
  });

  it('keeps its changes together when the disk is full while they are recorded', () => {
    const desk = new Desk();
    const overlay = desk.open();
    const write = desk.journal.write.bind(desk.journal);
    desk.journal.write = () => {
      throw new EngineError('no-space', 'full');
    };
    overlay.write(0, new Uint8Array(10));
    expect(codeOf(() => overlay.flush())).toBe('no-space');
    desk.journal.write = write;
    overlay.flush();
    expect(desk.open().changedBlockCount).toBe(1);
  });

  it('does not grow by a write that found no room', () => {
    const desk = new Desk();
    const overlay = desk.open();
    desk.data.write = () => {
      throw new EngineError('no-space', 'full');
    };
    expect(codeOf(() => overlay.write(VERSION.size + 10, new Uint8Array(10)))).toBe('no-space');
    expect(overlay.size).toBe(VERSION.size);
    expect(overlay.hasChanges).toBe(false);
  });

  it('does not revive records that stood behind a torn header', () => {
    const desk = new Desk();
    const overlay = desk.open();
    for (const block of [0, 1, 2]) overlay.write(block * BLOCK, new Uint8Array(1));
    overlay.flush();
    desk.journal.write(5, new Uint8Array([0xff]));
    const reopened = desk.open();
    expect(reopened.hasChanges).toBe(false);
    reopened.write(3 * BLOCK, new Uint8Array(1));
    reopened.flush();
    expect(desk.open().changedRanges()).toEqual([{ at: 3 * BLOCK, length: BLOCK }]);
  });

  it('does not revive a record that stood behind a torn one', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(0, new Uint8Array(1));
    overlay.flush();
    overlay.write(BLOCK, new Uint8Array(1));
    overlay.flush();
    overlay.write(2 * BLOCK, new Uint8Array(1));
    overlay.flush();
    desk.journal.write(2 * 24 + 9, new Uint8Array([0xff])); // the second flush's record is torn, the third's is whole
    const reopened = desk.open();
    expect(reopened.changedBlockCount).toBe(1);
    reopened.write(3 * BLOCK, new Uint8Array(1));
    reopened.flush();
    expect(desk.open().changedRanges()).toEqual([
      { at: 0, length: BLOCK },
      { at: 3 * BLOCK, length: BLOCK },
    ]);
  });

  it('refuses an original that changed since, keeps the changes, and takes it once its files are emptied', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(0, new Uint8Array(10));
    overlay.flush();
    const changed = { version: { ...VERSION, modified: VERSION.modified + 1 } };
    expect(codeOf(() => desk.open(changed))).toBe('stale');
    expect(codeOf(() => desk.open(changed))).toBe('stale');
    desk.journal.truncate(0);
    desk.data.truncate(0);
    const fresh = desk.open(changed);
    expect(fresh.hasChanges).toBe(false);
    expectBytes(readBack(fresh, 0, 10), pattern(10));
    fresh.write(0, new Uint8Array(10));
    fresh.flush();
    expect(codeOf(() => desk.open(changed))).toBe('none');
  });

  it('recognises its own save when a crash came between the save and the clean-up', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(5, new Uint8Array(10));
    overlay.truncate(VERSION.size + BLOCK);
    overlay.markSaving();
    desk.base.write(5, new Uint8Array(10));
    desk.base.truncate(VERSION.size + BLOCK);
    const saved = { version: { size: VERSION.size + BLOCK, modified: VERSION.modified + 5000 } };
    expect(desk.open(saved).hasChanges).toBe(false);
    expect(desk.journal.size).toBe(0);
  });

  it('does not take a foreign change during a save for its own', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(5, new Uint8Array(10));
    overlay.markSaving();
    desk.base.write(5, new Uint8Array(9));
    expect(codeOf(() => desk.open({ version: { ...VERSION, modified: 1 } }))).toBe('stale');
  });

  it('can be looked at while read-only, without writing to its files', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(5, new Uint8Array(10));
    overlay.flush();
    const looked = desk.open({ isReadOnly: true });
    expectBytes(readBack(looked, 5, 10), new Uint8Array(10));
    expect(codeOf(() => looked.write(0, new Uint8Array(1)))).toBe('read-only');
  });

  it('names the changes that it keeps when it refuses', () => {
    const desk = new Desk();
    const overlay = desk.open();
    overlay.write(0, new Uint8Array(1));
    overlay.flush();
    try {
      desk.open({ version: { ...VERSION, size: 5 } });
      expect.fail('it was opened');
    } catch (error) {
      expect(isEngineError(error, 'stale') && error.hint).toMatch(/^1 changed blocks/);
    }
  });
});
