import { type Match, matchDistance, matchLength } from './match-finder.ts';

/** What deflate writes one after the other: a literal is its byte; a match is negative, else as the match finder gives it. */
export type Token = number;

export function matchToken(match: Match): Token {
  return match | 0x80000000;
}

export function tokenLength(token: Token): number {
  return matchLength(token & 0x7fffffff);
}

export function tokenDistance(token: Token): number {
  return matchDistance(token);
}
