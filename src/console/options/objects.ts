import { EngineError } from '#engine';
import { parsePairs } from './options.ts';
import { judgeSecret } from './secret-properties.ts';

/** An object that `--object` defined: a secret, say. Who uses it judges its properties. */
export interface ConsoleObject {
  readonly type: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** Objects by id. */
export type ObjectTable = ReadonlyMap<string, ConsoleObject>;

/** What this console has a use for. */
const TYPES = new Set(['secret']);

export const NO_OBJECTS: ObjectTable = new Map();

/**
 * The objects of all `--object TYPE,id=ID,…` of a command line.
 * @throws EngineError invalid-argument with QEMU's text
 */
export function parseObjects(definitions: readonly string[]): ObjectTable {
  const objects = new Map<string, ConsoleObject>();
  for (const definition of definitions) {
    const properties = new Map(parsePairs(definition, 'qom-type'));
    const type = properties.get('qom-type');
    const id = properties.get('id');
    properties.delete('qom-type');
    properties.delete('id');
    if (type === undefined) throw new EngineError('invalid-argument', "Parameter 'qom-type' is missing");
    if (!TYPES.has(type)) {
      throw new EngineError('invalid-argument', `Parameter 'qom-type' does not accept value '${type}'`);
    }
    if (id === undefined) throw new EngineError('invalid-argument', "Parameter 'id' is missing");
    if (objects.has(id)) {
      throw new EngineError(
        'invalid-argument',
        `attempt to add duplicate property '${id}' to object (type 'container')`,
      );
    }
    judgeSecret(properties);
    objects.set(id, { type, properties });
  }
  return objects;
}
