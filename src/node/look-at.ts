import { statSync, type BigIntStats } from 'node:fs';

/** What stands at a path; null where nothing can be seen, for whatever reason: who opens it is told. */
export function lookAt(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
