import { describe, expect, it } from 'vitest';
import { Latest } from '../../../src/app/views/lab/latest.ts';

/** Answers are given by hand, in the order of the questions. */
function questions() {
  const asked: { input: number; resolve: (output: string) => void; reject: (error: Error) => void }[] = [];
  const work = (input: number) =>
    new Promise<string>((resolve, reject) => {
      asked.push({ input, resolve, reject });
    });
  return { asked, work };
}

describe('asking for the latest only', () => {
  it('skips what a newer question replaced before it was asked', async () => {
    const { asked, work } = questions();
    const latest = new Latest(work);
    const answers = Promise.all([1, 2, 3].map((input) => latest.ask(input)));
    asked[0]!.resolve('one');
    await Promise.resolve();
    await Promise.resolve();
    asked[1]!.resolve('three');
    expect(await answers).toEqual(['one', null, 'three']);
    expect(asked.map(({ input }) => input)).toEqual([1, 3]);
  });

  it('goes on after a failure', async () => {
    const { asked, work } = questions();
    const latest = new Latest(work);
    const failing = latest.ask(1);
    asked[0]!.reject(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    const next = latest.ask(2);
    asked[1]!.resolve('two');
    expect(await next).toBe('two');
  });
});
