import { describe, expect, it } from 'vitest';
import { parseObjects } from '#console';

describe('objects of --object', () => {
  it('are kept by id, with their properties', () => {
    const objects = parseObjects(['secret,id=sec0,data=123', 'secret,id=sec1,file=a,,b']);
    expect(objects.get('sec0')).toEqual({ type: 'secret', properties: new Map([['data', '123']]) });
    expect(objects.get('sec1')?.properties.get('file')).toBe('a,b');
  });

  it('may be written as JSON', () => {
    const objects = parseObjects(['{"qom-type": "secret", "id": "sec0", "data": "a,b"}']);
    expect(objects.get('sec0')).toEqual({ type: 'secret', properties: new Map([['data', 'a,b']]) });
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
  ])('refuses %s', (definition, message) => {
    expect(() => parseObjects([definition])).toThrow(message);
  });

  it('refuses an id that is taken', () => {
    expect(() => parseObjects(['secret,id=a,data=1', 'secret,id=a,data=2'])).toThrow(
      "attempt to add duplicate property 'a' to object (type 'container')",
    );
  });
});
