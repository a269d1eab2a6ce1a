/** The bytes of secrets by their id: of all objects that `--object` can define, this console has a use for these alone. */
export type ObjectTable = ReadonlyMap<string, Uint8Array>;

export const NO_OBJECTS: ObjectTable = new Map();
