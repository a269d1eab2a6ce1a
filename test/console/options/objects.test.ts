import { describe, expect, it } from 'vitest';
import { defineObject } from '#console';
import { MemoryHost } from '../memory-host.ts';

async function defined(...definitions: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const host = new MemoryHost();
  host.addFile('a,b', 'content');
  const objects = new Map<string, Uint8Array>();
  for (const definition of definitions) await defineObject(host, objects, definition);
  return objects;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('objects of --object', () => {
  it('are kept by id, with what they hold', async () => {
    const objects = await defined('secret,id=sec0,data=123', 'secret,id=sec1,file=a,,b');
    expect(objects.get('sec0')).toEqual(bytes('123'));
    expect(objects.get('sec1')).toEqual(bytes('content'));
  });

  it('may be written as JSON', async () => {
    const objects = await defined('{"qom-type": "secret", "id": "sec0", "data": "a,b"}');
    expect(objects.get('sec0')).toEqual(bytes('a,b'));
  });

  it.each([
    ['id=sec0', "Parameter 'qom-type' is missing"],
    ['secret', "Parameter 'id' is missing"],
    ['secret,id', "Expected '=' after parameter 'id'"],
    ['secret,id=0sec', "Parameter 'id' expects an identifier"],
    ['{"qom-type": "secret"}', "Parameter 'id' is missing"],
    ['{"qom-type": "secret", "id": "sec0", "data": 5}', "Invalid parameter type for 'data', expected: string"],
    ['{"qom-type": "secret"', 'JSON parse error, premature EOI'],
    ['foo,id=sec0', "Parameter 'qom-type' does not accept value 'foo'"],
  ])('refuses %s', async (definition, message) => {
    await expect(defined(definition)).rejects.toThrow(message);
  });

  it('refuses an id that is taken', async () => {
    await expect(defined('secret,id=a,data=1', 'secret,id=a,data=2')).rejects.toThrow(
      "attempt to add duplicate property 'a' to object (type 'container')",
    );
  });
});
