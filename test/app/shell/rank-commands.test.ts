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
it('puts a title before a group that matches', () => {
  expect(titles('lib')).toEqual(['Go to Library', 'Open a file…']);
});
it('puts the start of a word before the middle of one', () => {
  expect(titles('a')).toEqual(['Open a file…', 'Switch light and dark', 'Go to Library', 'Map']);
});
it('finds scattered letters in order', () => expect(titles('swdk')).toEqual(['Switch light and dark']));
it('drops what does not match', () => expect(titles('zzz')).toEqual([]));
