import type { Route } from '../state/route.ts';

/** The command line that tells in a terminal what the page shows; null where there is none. */
export function equalCommand(route: Route, imageName: string | null): string | null {
  if (route.place !== 'image' || imageName === null) return null;
  const file = quote(imageName);
  switch (route.tab) {
    case 'overview':
      return `qemu-img info ${file}`;
    case 'map':
      return `qemu-img map --output=json ${file}`;
    case 'structure':
      return `qemu-img info -U --output=json ${file}`;
    case 'check':
      return `qemu-img check ${file}`;
  }
}

/** A word for a POSIX shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
