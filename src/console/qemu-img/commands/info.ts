import { infoText, isEngineError } from '#engine';
import { storageOf } from '../../block/node-storage.ts';
import { humanSize } from '../../text/sizes.ts';
import { Invocation, misused, openFailure, type ImgCommand } from '../invocation.ts';

export const info: ImgCommand = async (host, args) => {
  const invocation = new Invocation(host, args, {
    short: 'hf:U',
    long: { 'format=': 'f', 'output=': 'output', 'backing-chain': 'backing-chain', 'force-share': 'U' },
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const node = await invocation.open(name, { writable: false, format: invocation.value('f'), withoutBacking: true });
  try {
    const stat = await host.files.stat(name);
    const diskSize = stat?.allocatedBytes ?? storageOf(node.file ?? node).size;
    if (node.image !== null) {
      host.writeOut(infoText(node.storage, { fileName: node.filename, diskSize }));
    } else {
      host.writeOut(
        `image: ${node.filename}\nfile format: ${node.driver}\n` +
          `virtual size: ${humanSize(node.length)} (${node.length} bytes)\ndisk size: ${humanSize(diskSize)}\n`,
      );
    }
    return 0;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw openFailure(error, name);
  } finally {
    node.close();
  }
};
