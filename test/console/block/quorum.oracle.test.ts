import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const [ours, theirs] = [new FolderHost(), new FolderHost()];
afterAll(() => [ours, theirs].forEach((host) => host.remove()));
beforeEach(() => {
  for (const host of [ours, theirs]) {
    for (const [name, value] of Object.entries({ a: 1, b: 2, c: 2 })) {
      writeFileSync(host.path(name), new Uint8Array(65536).fill(value));
    }
  }
});

const child = (index: number, name: string) => `,children.${index}.driver=raw,children.${index}.file.filename=${name}`;
const THREE = `driver=quorum,vote-threshold=2${child(0, 'a')}${child(1, 'b')}${child(2, 'c')}`;
const BROKEN_FIRST =
  'driver=quorum,vote-threshold=1,children.0.driver=raw,children.0.file.driver=blkdebug,' +
  `children.0.file.image.filename=a,children.0.file.inject-error.0.event=read_aio${child(1, 'b')}`;

describe('how a quorum reads', () => {
  it.each([
    ['what most children say', THREE, []],
    ['what the first child says', `${THREE},read-pattern=fifo`, []],
    ['what the second child says where the first cannot be read', `${BROKEN_FIRST},read-pattern=fifo`, []],
    ['what most children say, which the others get', `${THREE},rewrite-corrupted=on`, []],
    ['nothing, where it may not write what it reads', `${THREE},rewrite-corrupted=on`, ['-r']],
    ['what the first child says, and writes nothing', `${THREE},rewrite-corrupted=on,read-pattern=fifo`, ['-r']],
    ['in no other way', `${THREE},read-pattern=nonsense`, []],
    ['in no way without votes', `${THREE.replace('vote-threshold=2,', '')},read-pattern=fifo`, []],
  ])('%s', async (_name, options, flags) => {
    const commands = ['read -P 1 0 4k', 'read -P 2 0 4k'];
    const said = await ours.qemuIo(commands, ...flags, '--image-opts', options);
    const expected = theirs.real(
      'qemu-io',
      ...commands.flatMap((command) => ['-c', command]),
      ...flags,
      '--image-opts',
      options,
    );
    expect(withoutTimes(said)).toEqual(withoutTimes(expected));
    for (const name of ['a', 'b', 'c']) {
      expect(readFileSync(ours.path(name)).equals(readFileSync(theirs.path(name))), name).toBe(true);
    }
  });
});
