import { ImgFailure } from './failure.ts';

/** `human` or `json`. @throws ImgFailure */
export function isJsonOutput(text: string): boolean {
  if (text === 'human' || text === 'json') return text === 'json';
  throw new ImgFailure('--output must be used with human or json as argument.');
}

/** Pretty-printed as QEMU does: four spaces a level, brackets on lines of their own even around nothing, whole numbers exact. */
export function prettyJson(value: unknown): string {
  return `${jsonLines(value, '\n')}\n`;
}

/** @param newline what begins each line: a line feed, and the indentation of what the value stands in */
function jsonLines(value: unknown, newline: string): string {
  if (typeof value === 'bigint' || Number.isInteger(value)) return String(BigInt(value as bigint | number));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const within = `${newline}    `;
  const [open, members, close] = Array.isArray(value)
    ? ['[', value.map((member) => jsonLines(member, within)), ']']
    : ['{', jsonMembers(value, within), '}'];
  return `${open}${members.map((member) => within + member).join(',')}${newline}${close}`;
}

function jsonMembers(value: object, newline: string): string[] {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}: ${jsonLines(member, newline)}`);
}
