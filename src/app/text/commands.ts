import type { RepairMode } from '#protocol';
import type { Route } from '../state/route.ts';

/** A command line, and whether running it changes anything. */
export interface ShownCommand {
  readonly line: string;
  readonly changes: boolean;
}

/** The command line that does what the page shows, here and in a terminal; null where there is none. */
export function equalCommand(
  route: Route,
  imageName: string | null,
  { repairMode = null, isEncrypted = false }: { repairMode?: RepairMode | null; isEncrypted?: boolean } = {},
): ShownCommand | null {
  if (route.place !== 'image' || imageName === null) return null;
  const file = fileWord(imageName);
  switch (route.tab) {
    case 'overview':
      return { line: `qemu-img info ${file}`, changes: false };
    case 'map':
      return { line: `qemu-img map --output=json ${file}`, changes: false };
    case 'structure':
      return structureCommand(file, route.params['at'] ?? '0x0');
    case 'guest':
      // A passphrase does not belong on a command line that is shown.
      return isEncrypted ? null : guestCommand(file, route.params['at'] ?? '0x0');
    case 'check':
      return repairMode === null
        ? { line: `qemu-img check ${file}`, changes: false }
        : { line: `qemu-img check -r ${repairMode} ${file}`, changes: true };
  }
}

/** The header has a program of its own; any other place of the file is read as bytes. */
function structureCommand(file: string, at: string): ShownCommand {
  if (Number(at) === 0) return { line: `qcow2.py ${file} dump-header`, changes: false };
  return { line: `qemu-io -r -f raw -c ${quote(`read -v ${at} 512`)} ${file}`, changes: false };
}

function guestCommand(file: string, at: string): ShownCommand {
  return { line: `qemu-io -r -f qcow2 -c ${quote(`read -v ${at} 512`)} ${file}`, changes: false };
}

/** A file's name on a command line: one that looks like an option or a protocol begins with `./`. */
export function fileWord(name: string): string {
  return quote(/^-|^[^/]*:/.test(name) ? `./${name}` : name);
}

/** A word for a POSIX shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
