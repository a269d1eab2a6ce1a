import type { Program } from '../programs.ts';
import type { ConsoleHost } from '../host.ts';
import { getopt } from '../options/getopt.ts';
import { strerror } from '../text/strerror.ts';
import { quoteWord } from './words.ts';

const HELP = `Programs (each says more with --help):
  qemu-img    create, inspect, check, repair and convert images
  qemu-io     read and write a disk, or kill the program in the middle of it
  qcow2.py    show and change an image's header and its extensions

Of the console itself:
  ls [-l]     the files that names can mean
  history     the commands given so far
  clear       clears the screen
  help        this text

Files: the library is one flat folder. A name is the name of an image in the
library; there are no other folders, and ./NAME is the same as NAME. Images in
the browser's storage are changed in place. A local file is changed in its
overlay: the file itself stays as it is until you press Save. A new file becomes
an image in the browser's storage.

Lines: '…', "…" and \\ quote as in a shell; ; && || join commands; # begins a
comment. There are no pipes, redirections or variables.

Keys: Tab completes, ↑ ↓ go through the history, Ctrl+R searches it, Ctrl+C ends
what runs, Ctrl+L clears, Ctrl+D ends the input of a program.
`;

/** Commands that whoever shows the console carries out himself; no line of output comes of them. */
export const SCREEN_COMMANDS: readonly string[] = ['clear', 'history'];

/** Commands of the shell itself. */
export const BUILTINS: Readonly<Record<string, Program>> = {
  help(host) {
    host.writeOut(HELP);
    return Promise.resolve(0);
  },

  async ls(host, args) {
    let isLong = false;
    const wanted: string[] = [];
    for (const argument of getopt('ls', args, { short: 'l' })) {
      if (argument.kind === 'problem') {
        host.writeErr(`${argument.message}\n`);
        return 2;
      }
      if (argument.kind === 'word') wanted.push(argument.value);
      else isLong = true;
    }
    const isAll = wanted.every((name) => name === '.' || name === './');
    const names = isAll ? [...(await host.files.complete(''))].sort() : wanted;
    let exitCode = 0;
    const rows: { name: string; size: string }[] = [];
    for (const name of names) {
      const size = await sizeOf(host, name);
      if (typeof size === 'string') {
        host.writeErr(`ls: cannot access '${name}': ${size}\n`);
        exitCode = 2;
      } else rows.push({ name: quoteWord(name), size: String(size) });
    }
    const width = Math.max(0, ...rows.map(({ size }) => size.length));
    for (const { name, size } of rows) host.writeOut(isLong ? `${size.padStart(width)} ${name}\n` : `${name}\n`);
    return exitCode;
  },
};

/** Bytes of a file, or why that cannot be said. */
async function sizeOf(host: ConsoleHost, name: string): Promise<number | string> {
  try {
    return (await host.files.stat(name))?.size ?? 'No such file or directory';
  } catch (error) {
    return strerror(error);
  }
}
