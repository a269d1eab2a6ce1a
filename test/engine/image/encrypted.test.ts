import { describe, expect, it } from 'vitest';
import {
  applySlotSteps,
  checkImage,
  closeImage,
  createSnapshot,
  drain,
  EXTENSION_HEADER,
  isEngineError,
  LUKS_EXTENSION,
  openImage,
  readAt,
  readHead,
  rewriteBackingFile,
  writeAt,
  writeCompressed,
  writeZeroes,
  MemoryStorage,
} from '#engine';
import { newEncrypted, openWith } from '../luks/new-volume.ts';

const KINDS = ['aes', 'luks'] as const;
const CLUSTER = 65536;

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isEngineError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
}

/** The bytes of a closed file, open again. */
function reopened(storage: MemoryStorage): MemoryStorage {
  return MemoryStorage.from(storage.toBytes());
}

function contentOf(storage: MemoryStorage, at: number, length: number): Uint8Array {
  const content = new Uint8Array(length);
  readAt(openWith(reopened(storage), { writable: false }), at, content);
  return content;
}

it.each(KINDS)('%s: what the guest writes does not stand in the file, and is read again', (kind) => {
  const storage = newEncrypted(kind);
  const image = openWith(storage);
  const secret = Buffer.from('a line that nobody else may read'.repeat(100));
  writeAt(image, 1000, secret);
  closeImage(image);
  expect(Buffer.from(storage.toBytes()).includes('nobody else')).toBe(false);
  expect(Buffer.compare(contentOf(storage, 1000, secret.length), secret)).toBe(0);
  expect(contentOf(storage, 0, 1000)).toEqual(new Uint8Array(1000));
});

it('is not opened without a passphrase, nor with a wrong one', () => {
  const storage = newEncrypted('luks');
  expect(messageOf(() => openImage(storage))).toBe("passphrase: Parameter 'encrypt.key-secret' is required for cipher");
  expect(messageOf(() => openWith(storage, {}, new TextEncoder().encode('platypus')))).toBe(
    'passphrase: Invalid password, cannot unlock any keyslot',
  );
});

it('shows its structures locked, but not its data', () => {
  const storage = newEncrypted('luks');
  const image = openWith(storage);
  writeAt(image, 0, new Uint8Array(512).fill(1));
  closeImage(image);
  const locked = openImage(reopened(storage), { cipher: 'locked' });
  expect(messageOf(() => readAt(locked, 0, new Uint8Array(512)))).toContain('passphrase: ');
  expect(locked.virtualSize).toBe(1024 * 1024);
});

it('writes zeros that the guest reads around a first write, though the file reads as zeros there', () => {
  const storage = newEncrypted('luks');
  const image = openWith(storage);
  writeAt(image, CLUSTER + 700, Uint8Array.of(1, 2, 3));
  closeImage(image);
  const expected = new Uint8Array(CLUSTER);
  expected.set([1, 2, 3], 700);
  expect(Buffer.compare(contentOf(storage, CLUSTER, CLUSTER), expected)).toBe(0);
});

it.each(KINDS)('%s: keeps what a snapshot holds when the disk is written', (kind) => {
  const storage = newEncrypted(kind);
  const image = openWith(storage);
  writeAt(image, 0, new Uint8Array(CLUSTER).fill(1));
  createSnapshot(image, { name: 's', dateSeconds: 0, dateNanoseconds: 0 });
  writeAt(image, 100, new Uint8Array(10).fill(2));
  writeZeroes(image, 5000, 100);
  closeImage(image);
  const expected = new Uint8Array(CLUSTER).fill(1);
  expected.fill(2, 100, 110).fill(0, 5000, 5100);
  expect(Buffer.compare(contentOf(storage, 0, CLUSTER), expected)).toBe(0);
});

it('refuses compressed data, which would stand in the clear', () => {
  const image = openWith(newEncrypted('luks'));
  expect(messageOf(() => writeCompressed(image, 0, new Uint8Array(CLUSTER)))).toBe(
    'unsupported: Compression and encryption not supported at the same time',
  );
});

it('keeps its LUKS header when the header is rewritten, and counts its clusters', () => {
  const storage = newEncrypted('luks');
  const image = openWith(storage);
  writeAt(image, 0, new Uint8Array(512).fill(9));
  rewriteBackingFile(image, { name: 'base.raw', format: 'raw' });
  rewriteBackingFile(image, null);
  closeImage(image);
  expect(contentOf(storage, 0, 512)).toEqual(new Uint8Array(512).fill(9));
  expect(drain(checkImage(reopened(storage))).findings).toEqual([]);
});

describe('a LUKS header that the image says is shorter than it is', () => {
  const OUTSIDE = 'invalid-image: Request for data outside of extension header';
  /** Where the key material of the first slot ends: header, padding, and 4000 stripes of 64 bytes. */
  const END_OF_KEY = 4096 + 4000 * 64;

  function withLength(length: number): MemoryStorage {
    const storage = newEncrypted('luks');
    const { headerLength } = readHead(storage, { writable: false }).header;
    const field = Buffer.alloc(8);
    field.writeBigUInt64BE(BigInt(length));
    storage.write(headerLength + EXTENSION_HEADER.size + LUKS_EXTENSION.fields.length.at, field);
    return storage;
  }

  it('is not read behind that', () => {
    expect(messageOf(() => openWith(withLength(0)))).toBe(OUTSIDE);
    expect(messageOf(() => openWith(withLength(END_OF_KEY - 1)))).toBe(OUTSIDE);
    expect(openWith(withLength(END_OF_KEY)).virtualSize).toBe(1024 * 1024);
  });

  it('gets no key behind that, and keeps those that it has', () => {
    const storage = withLength(END_OF_KEY);
    const image = openWith(storage);
    const before = storage.toBytes();
    const steps = [
      { slot: 0, at: 0, bytes: new Uint8Array(592) },
      { slot: 0, at: END_OF_KEY - 1, bytes: new Uint8Array(2) },
    ];
    expect(messageOf(() => drain(applySlotSteps(image, steps)))).toBe(OUTSIDE);
    expect(Buffer.compare(storage.toBytes(), before)).toBe(0);
  });
});
