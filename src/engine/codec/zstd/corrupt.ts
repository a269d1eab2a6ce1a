import { EngineError } from '../../errors.ts';

export function corrupt(what: string): EngineError {
  return new EngineError('corrupt', `Invalid zstd data: ${what}`);
}
