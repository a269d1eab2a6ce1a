import { infoJson, infoText, isEngineError, luksInfoJson } from '#engine';
import { backingNameBeside } from '../../block/backing-name.ts';
import { hasInformation, imageNodeOf } from '../../block/layers.ts';
import { luksInformation } from '../../block/luks-information.ts';
import { LuksNode } from '../../block/luks-node.ts';
import type { BlockNode } from '../../block/node.ts';
import { humanSize } from '../../text/sizes.ts';
import type { ConsoleHost } from '../../host.ts';
import { ImgFailure, misused, openFailure } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { prettyJson } from '../json-output.ts';

export const info: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'info',
    short: 'hf:U',
    long: { 'format=': 'f', 'output=': 'output', 'backing-chain': 'backing-chain', 'force-share': 'U' },
  });
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const { isJson } = invocation;
  const layers = await describeChain(invocation, name);
  if (!isJson) host.writeOut(layers.map(({ text }) => text).join('\n'));
  else if (invocation.has('backing-chain')) host.writeOut(prettyJson(layers.map(({ json }) => json)));
  else host.writeOut(prettyJson(layers[0]!.json));
  return 0;
};

interface Description {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** The backing file, as to be opened. */
  readonly next: { readonly name: string; readonly format: string | undefined } | null;
}

/** The image, and with `--backing-chain` what it stands on. Nothing is printed before all of it was read. */
async function describeChain(invocation: Invocation, top: string): Promise<Description[]> {
  const seen = new Set<string>();
  const found: Description[] = [];
  let next: Description['next'] = { name: top, format: invocation.value('f') };
  while (next !== null) {
    const { name, format } = next;
    if (seen.has(name)) throw new ImgFailure(`Backing file '${name}' creates an infinite loop.`);
    seen.add(name);
    const as = { writable: false, format, withoutBacking: true, withoutData: true };
    const node = await (found.length === 0 ? invocation.open(name, as) : invocation.openNamed(name, as));
    try {
      found.push(await describe(invocation, node));
    } catch (error) {
      if (!isEngineError(error)) throw error;
      throw openFailure(error, name);
    } finally {
      node.close();
    }
    next = invocation.has('backing-chain') ? found.at(-1)!.next : null;
  }
  return found;
}

async function describe({ host }: Invocation, node: BlockNode): Promise<Description> {
  const { driver, filename: fileName, image, length } = node;
  const diskSize = await diskSizeOf(host, node);
  if (image !== null) {
    const { backingFile, backingFormat } = image.head;
    const backingPath = backingFile === null || backingFile === '' ? null : backingPathOf(node, backingFile);
    const names = { fileName, diskSize, backingPath };
    return {
      text: infoText(node.storage, names),
      json: infoJson(node.storage, names),
      next: backingPath === null ? null : { name: backingPath, format: backingFormat ?? undefined },
    };
  }
  const luks = node instanceof LuksNode ? node.luks.volume.header : null;
  const clusterSize = imageNodeOf(node).image?.geometry.clusterSize ?? null;
  return {
    text:
      `image: ${fileName}\nfile format: ${driver}\n` +
      `virtual size: ${humanSize(length)} (${length} bytes)\n` +
      `disk size: ${diskSize === null ? 'unavailable' : humanSize(diskSize)}\n` +
      (luks === null ? '' : 'encrypted: yes\n') +
      (clusterSize === null ? '' : `cluster_size: ${clusterSize}\n`) +
      (luks === null ? '' : luksInformation(luks)),
    json: {
      'virtual-size': length,
      filename: fileName,
      ...(clusterSize !== null && { 'cluster-size': clusterSize }),
      format: driver,
      ...(diskSize !== null && { 'actual-size': diskSize }),
      ...(luks !== null && {
        'format-specific': { type: 'luks', data: luksInfoJson(luks, { namesFormat: false }) },
        encrypted: true,
      }),
      ...(hasInformation(node) && { 'dirty-flag': false }),
    },
    next: null,
  };
}

/** Null where the image's file has no folder for relative names. */
function backingPathOf(node: BlockNode, backingFile: string): string | null {
  try {
    return backingNameBeside(node, backingFile);
  } catch (error) {
    if (!isEngineError(error, 'invalid-argument')) throw error;
    return null;
  }
}

/** Bytes on disk of the file below; null where a driver in between does not say. */
async function diskSizeOf(host: ConsoleHost, node: BlockNode): Promise<number | null> {
  switch (node.driver) {
    case 'file':
    case 'host_device':
      return (await host.files.stat(node.filename))?.allocatedBytes ?? node.length;
    case 'null-co':
    case 'null-aio':
      return 0;
    default:
      return node.origin.driver.kind === 'protocol' ? null : sumOfFiles(host, node);
  }
}

async function sumOfFiles(host: ConsoleHost, node: BlockNode): Promise<number | null> {
  let sum = 0;
  for (const [name, child] of node.children) {
    const size = name === 'backing' ? 0 : await diskSizeOf(host, child);
    if (size === null) return null;
    sum += size;
  }
  return sum;
}
