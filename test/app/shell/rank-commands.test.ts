import { expect, it } from 'vitest';
import { rankCommands } from '../../../src/app/shell/rank-commands.ts';

const commands = [
  { title: 'Open a file…', group: 'Library' },
  { title: 'Go to Library', group: 'Places' },
  { title: 'Switch light and dark', group: 'View' },
  { title: 'Map', group: 'Image' },
];
const titles = (query: string) => rankCommands(commands, query).map((command) => command.title);

it('keeps the order without a query', () => expect(titles(' ')).toEqual(commands.map(({ title }) => title)));
it('puts the start of a word before the middle of one', () => expect(titles('lib')[0]).toBe('Open a file…'));
it('finds scattered letters in order', () => expect(titles('swdk')).toEqual(['Switch light and dark']));
it('drops what does not match', () => expect(titles('zzz')).toEqual([]));
