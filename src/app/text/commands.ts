import type { RepairMode } from '#protocol';
import type { Route } from '../state/route.ts';

/** The command line that tells in a terminal what the page shows; null where there is none. */
export function equalCommand(route: Route, imageName: string | null, repairMode: RepairMode | null): string | null {
  if (route.place !== 'image' || imageName === null) return null;
  const file = quote(imageName);
  switch (route.tab) {
    case 'overview':
      return `qemu-img info ${file}`;
    case 'map':
      return `qemu-img map --output=json ${file}`;
    case 'structure':
      return `hexdump -C -s ${route.params['at'] ?? '0x0'} -n 512 ${file}`;
    case 'check':
      return repairMode === null ? `qemu-img check ${file}` : `qemu-img check -r ${repairMode} ${file}`;
  }
}

/** A word for a POSIX shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
