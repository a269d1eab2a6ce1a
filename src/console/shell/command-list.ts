import { tokensOf } from './words.ts';

/** One command of a line; `when` says what the command before must have come to. */
export interface ShellCommand {
  readonly when: 'always' | 'succeeded' | 'failed';
  readonly words: readonly string[];
}

/** What is wrong with a line; nothing of it was run. */
export class ShellRefusal extends Error {}

const CONNECTORS: Readonly<Record<string, ShellCommand['when']>> = { ';': 'always', '&&': 'succeeded', '||': 'failed' };

/** The commands of a line, joined by `;`, `&&` and `||`. @throws ShellRefusal */
export function parseCommands(line: string): ShellCommand[] {
  const commands: { when: ShellCommand['when']; words: string[] }[] = [{ when: 'always', words: [] }];
  for (const token of tokensOf(line)) {
    if (token.kind === 'operator') {
      const when = CONNECTORS[token.text];
      if (when === undefined) {
        throw new ShellRefusal(
          `'${token.text}' is not known here: there are no pipes, redirections or background jobs. Put it in quotes to mean the character.`,
        );
      }
      if (commands.at(-1)!.words.length === 0) throw new ShellRefusal(`syntax error near '${token.text}'`);
      commands.push({ when, words: [] });
      continue;
    }
    if (token.openQuote !== null) throw new ShellRefusal(`the quote ${token.openQuote} is not closed`);
    // A prompt that was copied along with the command.
    const isPrompt = token.text === '$' && token.start === line.search(/\S/);
    if (!isPrompt) commands.at(-1)!.words.push(token.text);
  }
  const last = commands.at(-1)!;
  if (last.words.length === 0) {
    if (last.when === 'succeeded' || last.when === 'failed') throw new ShellRefusal('the line ends too early');
    commands.pop();
  }
  return commands;
}
