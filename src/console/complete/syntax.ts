/** An option as a line of syntax shows it. */
export interface OptionSyntax {
  /** `-f`, or `--output=` where the value follows the sign. */
  readonly flag: string;
  /** The word that stands for the value: `fmt`, `cache`, …; null for an option without one. */
  readonly value: string | null;
  /** All values, where the line lists them. */
  readonly choices: readonly string[];
}

/** The options in a line of syntax such as `[-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] filename`. */
export function optionsIn(syntax: string): OptionSyntax[] {
  const found = syntax.matchAll(/(?<![\w-])(--?[A-Za-z][\w-]*)(?:(=\w+)| (\w+)| \[(\w+(?: \| \w+)+)\])?/g);
  return Array.from(found, ([, flag = '', joined, word, list]) => {
    if (joined !== undefined) return { flag: `${flag}=`, value: joined.slice(1), choices: [] };
    return { flag, value: word ?? (list === undefined ? null : 'choice'), choices: list?.split(' | ') ?? [] };
  });
}
