import { EngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { parseJson } from './json-parse.ts';
import type { JsonObject, JsonValue } from './json-text.ts';
import { judgeSecret, SECRET_OPTIONS, secretData } from './secrets.ts';

/** `help` stands in a definition: the message is printed instead of anything being done. */
export class ObjectHelp extends Error {}

/**
 * Adds the object of one `--object`: `TYPE,id=ID,…` or a JSON object. Its data is read at once.
 * @throws EngineError invalid-argument with QEMU's text; ObjectHelp
 */
export async function defineObject(
  host: ConsoleHost,
  objects: Map<string, Uint8Array>,
  definition: string,
): Promise<void> {
  const given = definition.startsWith('{') ? (parseJson(definition) as JsonObject) : pairsOf(definition);
  const properties = new Map(Object.entries(given));
  const type = takeText(properties, 'qom-type');
  if (type === undefined) throw refused("Parameter 'qom-type' is missing");
  if (type !== 'secret') throw refused(`Parameter 'qom-type' does not accept value '${type}'`);
  const id = takeText(properties, 'id');
  if (id === undefined) throw refused("Parameter 'id' is missing");
  const isLoadedGiven = properties.has('loaded');
  judgeLoaded(properties);
  const secret = judgeSecret((name) => takeText(properties, name));
  for (const name of properties.keys()) throw refused(`Parameter '${name}' is unexpected`);
  judgeId(id);
  if (isLoadedGiven) throw refused("Property 'secret.loaded' is not writable");
  if (objects.has(id)) throw refused(`attempt to add duplicate property '${id}' to object (type 'container')`);
  if (secret.keyId === id) throw refused(`Secret with id '${id}' has no data`);
  objects.set(id, await secretData(host, objects, secret));
}

/** As QEMU's keyval_parse: names must be well-formed, a doubled comma is a comma of a value, of a name given twice the last counts. */
function pairsOf(definition: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  let wantsHelp = false;
  for (let at = 0; at < definition.length; at++) {
    const [name] = /^[^=,]*/.exec(definition.slice(at))!;
    const hasValue = definition[at + name.length] === '=';
    if (!hasValue && HELP.has(name)) wantsHelp = true;
    else if (!hasValue && at === 0 && name !== '') pairs['qom-type'] = name;
    else if (!NAME.test(name)) throw refused(`Invalid parameter '${name}'`);
    else if (!hasValue) throw refused(`Expected '=' after parameter '${name}'`);
    else {
      const [value] = /^(?:[^,]|,,)*/.exec(definition.slice(at + name.length + 1))!;
      pairs[name] = value.replaceAll(',,', ',');
      at += 1 + value.length;
    }
    at += name.length;
  }
  if (wantsHelp) throw new ObjectHelp(pairs['qom-type'] === 'secret' ? SECRET_HELP : TYPES_HELP);
  return pairs;
}

const HELP = new Set(['help', '?']);
const NAME = /^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$/i;
const TYPES_HELP = 'List of user creatable objects:\n  secret\n';
const SECRET_HELP = `secret options:\n${SECRET_OPTIONS.map((option) => `  ${option}\n`).join('')}`;

function takeText(properties: Map<string, JsonValue>, name: string): string | undefined {
  const value = properties.get(name);
  if (value === undefined) return undefined;
  properties.delete(name);
  if (typeof value !== 'string') throw refused(`Invalid parameter type for '${name}', expected: string`);
  return value;
}

/** In JSON it is a boolean, in words `on` or `off`. */
function judgeLoaded(properties: Map<string, JsonValue>): void {
  const value = properties.get('loaded');
  properties.delete('loaded');
  if (value === undefined || typeof value === 'boolean') return;
  if (value === 'on' || value === 'off') return;
  throw refused("Parameter 'loaded' expects 'on' or 'off'");
}

function judgeId(id: string): void {
  if (/^[a-z][a-z0-9._-]*$/i.test(id)) return;
  throw new EngineError('invalid-argument', "Parameter 'id' expects an identifier", {
    hint: "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.",
  });
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
