import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CodecPool } from '#console';
import type { ConsoleEvent } from '#protocol';
import type { LibraryFiles } from '../../src/worker/console/library-files.ts';
import { PageHost } from '../../src/worker/console/page-host.ts';

let sent: ConsoleEvent[];
let host: PageHost;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  sent = [];
  host = new PageHost({
    files: null as unknown as LibraryFiles,
    codecs: null as unknown as CodecPool,
    signal: new AbortController().signal,
    send: (event) => sent.push(event),
  });
});

afterEach(() => {
  host.close();
  vi.useRealTimers();
});

const texts = () => sent.map((event) => (event.kind === 'text' ? event.texts.map(({ text }) => text).join('') : ''));

test('what is printed within two frames of the page is sent together', async () => {
  host.writeOut('a\n');
  await afterMs(10);
  host.writeOut('b\n');
  await afterMs(10);
  host.writeErr('c\n');
  expect(texts()).toEqual([]);
  await afterMs(12);
  expect(texts()).toEqual(['a\nb\nc\n']);
});

test('text waits from when it was printed, not from the start of the program', async () => {
  await afterMs(100);
  host.writeOut('a\n');
  await afterMs(20);
  expect(texts()).toEqual([]);
  await afterMs(12);
  host.writeOut('b\n');
  await afterMs(20);
  expect(texts()).toEqual(['a\n']);
  await afterMs(12);
  expect(texts()).toEqual(['a\n', 'b\n']);
});

test('much text does not wait', () => {
  host.writeOut('a\n'.repeat(10_000));
  expect(texts().join('')).toHaveLength(20_000);
});

test('text does not wait for a program that sleeps or asks for a line', () => {
  host.writeOut('a\n');
  const sleeping = host.sleep(0);
  expect(texts()).toEqual(['a\n']);
  host.writeOut('b\n');
  const asking = host.readLine();
  expect(texts()).toEqual(['a\n', 'b\n', '']);
  host.input(null);
  return Promise.all([sleeping, asking]);
});

test('what a program printed last is there for who takes it with its end, and is sent where nobody does', () => {
  host.writeOut('a\n');
  expect(host.takeHeld()).toEqual([{ stream: 'out', text: 'a\n' }]);
  host.note('b\n');
  expect(texts()).toEqual([]);
  host.close();
  expect(texts()).toEqual(['b\n']);
});

/** The program works for so long, and then lets others have their turn. */
async function afterMs(milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds);
  await host.pause();
}
