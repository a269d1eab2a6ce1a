import { quoteWord, type Word } from '../shell/words.ts';

/** What may stand in the place of the word that is being typed. */
export interface Candidate {
  /** As it has to be typed, quotes included. */
  readonly text: string;
  /** What a list of candidates shows. */
  readonly label: string;
  readonly about: string | null;
}

export interface Completion {
  /** The part of the line that a candidate takes the place of. */
  readonly from: number;
  readonly to: number;
  readonly candidates: readonly Candidate[];
}

/** A continuation of a word, before quoting. */
export interface Choice {
  /** The whole word. */
  readonly word: string;
  readonly label?: string;
  readonly about?: string;
  /** More of the same word follows: no blank behind it. */
  readonly goesOn?: boolean;
}

/** The choices that continue `typed`. */
export function continuing(typed: string, choices: Iterable<Choice>): Choice[] {
  return [...choices].filter(({ word }) => word.startsWith(typed));
}

export function words(names: Iterable<string>): Choice[] {
  return Array.from(names, (word) => ({ word }));
}

/** A choice as it is typed, in the quotes that were opened or in those that it needs. */
export function asTyped(choice: Choice, openQuote: Word['openQuote']): Candidate {
  const { word, label = word, goesOn = false } = choice;
  const about = choice.about ?? null;
  const quote = openQuote ?? (quoteWord(word) === word ? null : "'");
  const end = goesOn ? '' : `${quote ?? ''} `;
  if (quote === null) return { text: word + end, label, about };
  const inside = quote === "'" ? word.replaceAll("'", `'\\''`) : word.replace(/[\\"$`]/g, '\\$&');
  return { text: quote + inside + end, label, about };
}
