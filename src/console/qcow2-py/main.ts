import { isEngineError, type Storage } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { strerror } from '../text/strerror.ts';
import { extensionJson, extensionText, newExtension } from './extensions.ts';
import { fieldLines, TooShort } from './fields.ts';
import { HEADER, readHeader, writeHeader } from './header.ts';
import { asciiBytes, jsonText, pythonInt } from './python-text.ts';

interface Qcow2Command {
  readonly arguments: number;
  readonly summary: string;
  readonly writes: boolean;
  run(session: Session, args: readonly string[]): Promise<number> | number;
}

/** The image of one run, and how to print. */
interface Session {
  readonly host: ConsoleHost;
  readonly storage: Storage;
  readonly isJson: boolean;
}

export const COMMANDS: Readonly<Record<string, Qcow2Command>> = {
  'dump-header': {
    arguments: 0,
    summary: 'Dump image header and header extensions',
    writes: false,
    run(session) {
      const { values } = readHeader(session.storage);
      const text = session.isJson ? `${jsonText(Object.fromEntries(values))}\n` : fieldLines(HEADER, values);
      session.host.writeOut(`${text}\n`);
      return dumpExtensions(session);
    },
  },
  'dump-header-exts': { arguments: 0, summary: 'Dump image header extensions', writes: false, run: dumpExtensions },
  'set-header': {
    arguments: 2,
    summary: 'Set a field in the header',
    writes: true,
    run({ host, storage }, [name = '', text = '']) {
      const value = pythonInt(text);
      if (value === null) return refuse(host, `'${text}' is not a valid number`);
      const field = HEADER.find((known) => known.name === name);
      if (field === undefined) return refuse(host, `'${name}' is not a known header field`);
      if (value < 0n || value >= 1n << BigInt(field.width * 8)) {
        return fail(host, `${value} does not fit into the ${field.width * 8} bits of ${name}. Nothing was written.`);
      }
      const header = readHeader(storage);
      header.values.set(name, value);
      writeHeader(storage, header);
      return 0;
    },
  },
  'add-header-ext': {
    arguments: 2,
    summary: 'Add a header extension',
    writes: true,
    run: ({ host, storage }, [magic = '', data = '']) => addExtension(host, storage, magic, data),
  },
  'add-header-ext-stdio': {
    arguments: 1,
    summary: 'Add a header extension, data from stdin',
    writes: true,
    run: async ({ host, storage }, [magic = '']) => addExtension(host, storage, magic, await host.readAll()),
  },
  'del-header-ext': {
    arguments: 1,
    summary: 'Delete a header extension',
    writes: true,
    run({ host, storage }, [text = '']) {
      const magic = pythonInt(text);
      if (magic === null) return refuse(host, `'${text}' is not a valid magic number`);
      const header = readHeader(storage);
      const { extensions } = header;
      const countBefore = extensions.length;
      // Of neighbours with the same magic every second one stays: the script looks past what moves up.
      for (let index = 0; index < extensions.length; index++) {
        if (extensions[index]!.magic === magic) extensions.splice(index, 1);
      }
      if (extensions.length === countBefore) host.writeOut('No such header extension\n');
      else writeHeader(storage, header);
      return 0;
    },
  },
  'set-feature-bit': {
    arguments: 2,
    summary: 'Set a feature bit',
    writes: true,
    run({ host, storage }, [group = '', text = '']) {
      const bit = pythonInt(text);
      if (bit === null || bit < 0n || bit >= 64n) {
        return refuse(host, `'${bit ?? text}' is not a valid bit number in range [0, 64)`);
      }
      const header = readHeader(storage);
      if (!GROUPS.includes(group)) {
        return refuse(host, `'${group}' is not a valid group, try 'incompatible', 'compatible', or 'autoclear'`);
      }
      const name = `${group}_features`;
      header.values.set(name, header.values.get(name)! | (1n << bit));
      writeHeader(storage, header);
      return 0;
    },
  },
};

export const GROUPS: readonly string[] = ['incompatible', 'compatible', 'autoclear'];

const USAGE = `Usage: qcow2.py <file> <cmd> [<arg>, ...] [<key>, ...]

Supported commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `    ${name.padEnd(20)} - ${summary}\n`)
  .join('')}
Supported keys:
    ${'-j'.padEnd(20)} - Dump in JSON format
`;

/**
 * The script qcow2.py of QEMU's test suite: shows and changes the header of an image as it stands, without judging it.
 * @returns the exit code
 */
export async function qcow2Py(host: ConsoleHost, args: readonly string[]): Promise<number> {
  const key = args.indexOf('-j');
  const [filename, name, ...rest] = args.filter((_, index) => index !== key);
  if (filename === undefined || name === undefined) {
    host.writeOut(USAGE);
    return 1;
  }
  const command = COMMANDS[name];
  let storage: Storage;
  try {
    storage = await host.files.open(filename, command?.writes === true ? 'write' : 'read');
  } catch (error) {
    return fail(host, `${strerror(error)}: '${filename}'`);
  }
  try {
    if (command === undefined) {
      host.writeOut(`Unknown command '${name}'\n`);
      return 0;
    }
    if (rest.length !== command.arguments) {
      host.writeOut(USAGE);
      return 0;
    }
    return await command.run({ host, storage, isJson: key >= 0 }, rest);
  } catch (error) {
    if (!(error instanceof TooShort) && !isEngineError(error)) throw error;
    return fail(host, error.message);
  } finally {
    storage.close();
  }
}

function dumpExtensions({ host, storage, isJson }: Session): number {
  const { extensions } = readHeader(storage);
  if (isJson) host.writeOut(`${jsonText(extensions.map(extensionJson))}\n`);
  else for (const extension of extensions) host.writeOut(`Header extension:\n${extensionText(extension)}\n`);
  return 0;
}

function addExtension(host: ConsoleHost, storage: Storage, text: string, data: string): number {
  const magic = pythonInt(text);
  if (magic === null) return refuse(host, `'${text}' is not a valid magic number`);
  const header = readHeader(storage);
  const bytes = asciiBytes(data);
  if (bytes === null) return fail(host, 'The data is not ASCII. Nothing was written.');
  if (magic < 0n || magic >= 1n << 32n) return fail(host, `${magic} does not fit into 32 bits. Nothing was written.`);
  header.extensions.push(newExtension(magic, bytes));
  writeHeader(storage, header);
  return 0;
}

/** What the script says itself goes to standard output. */
function refuse(host: ConsoleHost, message: string): number {
  host.writeOut(`${message}\n`);
  return 1;
}

/** Where the script ends with a traceback. */
function fail(host: ConsoleHost, message: string): number {
  host.writeErr(`qcow2.py: ${message}\n`);
  return 1;
}
