import { infoText, vmStateOffset } from '#engine';
import { hasInformation, imageNodeOf } from '../../block/layers.ts';
import { luksInformation } from '../../block/luks-information.ts';
import { LuksNode } from '../../block/luks-node.ts';
import type { IoCommand } from '../command.ts';
import { ioSize } from '../report.ts';

const SPECIFIC = 'Format specific information:\n';

export const INFO: IoCommand = {
  name: 'info',
  alias: 'i',
  argumentsMin: 0,
  argumentsMax: 0,
  usage: null,
  summary: 'prints information about the current file',
  help: 'Prints the format of the open file and what there is to say about an image of this format.',
  run(session) {
    const { disk } = session;
    if (session.isOutOfService) return false;
    session.print(`format name: ${disk.driver}\n`);
    if (disk.origin.driver.kind === 'protocol') session.print(`format name: ${disk.driver}\n`);
    if (!hasInformation(disk)) return false;
    const { image } = imageNodeOf(disk);
    session.print(`cluster size: ${ioSize(image?.geometry.clusterSize ?? 0)}\n`);
    session.print(`vm state offset: ${ioSize(image === null ? 0 : (vmStateOffset(image) as number))}\n`);
    if (disk.image !== null) {
      const text = infoText(disk.storage, { fileName: disk.filename, diskSize: null, backingPath: null });
      session.print(text.slice(text.indexOf(SPECIFIC)));
    }
    if (disk instanceof LuksNode) session.print(luksInformation(disk.luks.volume.header));
    return true;
  },
};
