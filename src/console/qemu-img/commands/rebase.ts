import { rewriteBackingFile } from '#engine';
import { ImgFailure, Invocation, misused, mustBeEngineError, type ImgCommand } from '../invocation.ts';

export const rebase: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
    short: 'hf:F:b:upt:T:qU',
    long: { 'force-share': 'U' },
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const backing = invocation.value('b');
  if (!invocation.has('u') && backing === undefined)
    throw misused('Use backing file (-b) option or simply use image resize');
  if (!invocation.has('u')) {
    throw new ImgFailure('Only the unsafe rebase (-u) is supported by this program yet. Nothing was written.');
  }
  const node = await invocation.open(name, { writable: true, format: invocation.value('f'), withoutBacking: true });
  try {
    const { image } = node;
    if (image === null)
      throw new ImgFailure(`Could not change the backing file to '${backing ?? ''}': Operation not supported`);
    const format = invocation.value('F');
    try {
      rewriteBackingFile(
        image,
        backing === undefined || backing === '' ? null : { name: backing, format: format ?? null },
      );
    } catch (error) {
      throw new ImgFailure(`Could not change the backing file to '${backing}': ${mustBeEngineError(error).message}`);
    }
    return 0;
  } finally {
    node.close();
  }
};
