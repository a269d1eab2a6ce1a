import { afterAll, describe, expect, it } from 'vitest';
import { checkImage, decodeHeader, drain, explain, type Verdict } from '#engine';
import { qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from '../check/damage.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

function verdictOf(file: string): Verdict {
  const storage = scratch.load(file);
  return explain(drain(checkImage(storage)), decodeHeader(storage.toBytes()));
}

function harmed(harm: (patient: Patient) => void, options = ''): string {
  const file = scratch.create('image.qcow2', '64M', options);
  qemuIo(file, ['write 0 256k', 'write 256k 64k']);
  const patient = new Patient(file);
  harm(patient);
  patient.save();
  return file;
}

describe('the verdict', () => {
  it('on a sound image is that it is clean', () => {
    expect(verdictOf(harmed(() => undefined))).toMatchObject({ level: 'sound', sentence: 'Clean.' });
  });

  it('on a lazy crash names the refcounts, and that no guest data is at risk', () => {
    const file = scratch.create('crash.qcow2', '64M', 'lazy_refcounts=on');
    qemuIo(file, ['write 0 2M', 'flush', 'abort'], ['-t', 'writeback']);
    const { level, sentence } = verdictOf(file);
    expect(level).toBe('needs-repair');
    expect(sentence).toMatch(
      /32 refcounts are behind, as lazy refcounts leave them after a crash\. No guest data is at risk/,
    );
  });

  it('on leaks names clusters and size', () => {
    const file = harmed((p) => {
      for (const index of [1, 2, 3]) p.setWord(p.l2At(0, index), 0n);
    });
    expect(verdictOf(file)).toMatchObject({ level: 'leaks', sentence: '3 clusters (192 KiB) belong to nobody.' });
  });

  it('on two mappings of one cluster names both', () => {
    const file = harmed((p) => p.setWord(p.l2At(0, 4), p.word(p.l2At(0, 0))));
    const { level, sentence, detail } = verdictOf(file);
    expect(level).toBe('damaged');
    expect(sentence).toBe('Guest 0x0 and guest 0x40000 share cluster 5.');
    expect(detail).toMatch(/cannot tell which is right/);
  });

  it('on uncounted clusters of an image that calls itself clean warns of the next write', () => {
    const file = harmed((p) => p.setRefcount16(6, 0));
    expect(verdictOf(file)).toMatchObject({ level: 'needs-repair' });
    expect(verdictOf(file).detail).toMatch(/next write may overwrite/);
  });

  it('on an L2 table outside the file says what a repair will not do', () => {
    const file = harmed((p) => p.setWord(p.l1At(0), (1n << 63n) | 0x10000000n));
    expect(verdictOf(file)).toMatchObject({ level: 'damaged' });
    expect(verdictOf(file).detail).toMatch(/L2 table 0 lies outside the file.*frees nothing/);
  });

  it('on a check that cannot finish says so', () => {
    const file = harmed((p) => {
      p.bytes.writeUInt32BE(70000, 60);
    });
    expect(verdictOf(file)).toMatchObject({ level: 'unreadable' });
  });
});
