import { EngineError } from '#engine';
import { fileNameProblem, isTooLong } from '#protocol';

/** Throws unless `name` can name a file. */
export function mustBeFileName(name: string): void {
  const problem = fileNameProblem(name);
  if (problem === null) return;
  throw new EngineError('invalid-argument', problem, { errno: isTooLong(name) ? 'ENAMETOOLONG' : null });
}

/** `wanted`, or with a number before its extension where that is taken. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const dot = wanted.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ''];
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) name = `${stem} ${number}${extension}`;
  return name;
}
