import { EngineError } from '#engine';
import { parseJson } from './json-parse.ts';
import type { JsonObject } from './json-text.ts';
import { splitAtCommas } from './options.ts';
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
 * The objects of all `--object` of a command line, each `TYPE,id=ID,…` or a JSON object.
 * @throws EngineError invalid-argument with QEMU's text
 */
export function parseObjects(definitions: readonly string[]): ObjectTable {
  const objects = new Map<string, ConsoleObject>();
  for (const definition of definitions) {
    const properties = new Map(definition.startsWith('{') ? membersOf(definition) : pairsOf(definition));
    const type = properties.get('qom-type');
    const id = properties.get('id');
    properties.delete('qom-type');
    properties.delete('id');
    if (type === undefined) throw refused("Parameter 'qom-type' is missing");
    if (!TYPES.has(type)) throw refused(`Parameter 'qom-type' does not accept value '${type}'`);
    if (id === undefined) throw refused("Parameter 'id' is missing");
    judgeId(id);
    judgeSecret(properties);
    if (objects.has(id)) throw refused(`attempt to add duplicate property '${id}' to object (type 'container')`);
    objects.set(id, { type, properties });
  }
  return objects;
}

function* pairsOf(definition: string): Generator<[string, string]> {
  for (const [index, part] of splitAtCommas(definition).entries()) {
    const equals = part.indexOf('=');
    if (equals >= 0) yield [part.slice(0, equals), part.slice(equals + 1)];
    else if (index === 0) yield ['qom-type', part];
    else throw refused(`Expected '=' after parameter '${part}'`);
  }
}

function* membersOf(definition: string): Generator<[string, string]> {
  for (const [name, value] of Object.entries(parseJson(definition) as JsonObject)) {
    if (typeof value !== 'string') throw refused(`Invalid parameter type for '${name}', expected: string`);
    yield [name, value];
  }
}

function judgeId(id: string): void {
  if (/^[a-z][a-z0-9._-]*$/i.test(id)) return;
  throw refused("Parameter 'id' expects an identifier", {
    hint: "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.",
  });
}

function refused(message: string, options?: { readonly hint: string }): EngineError {
  return new EngineError('invalid-argument', message, options);
}
