import { decodeFeatureNames, FEATURE_NAME_RECORD_SIZE } from '../format/feature-name-table.ts';
import { EXTENSION_FEATURE_NAMES, EXTENSION_HEADER } from '../format/header-extensions.ts';
import { extensionRows, headerRows } from './rows.ts';
import { leaf, type Scope } from './structure-node.ts';
import type { StructureNode } from './use.ts';

/** The header's fields. */
export function headerChildren({ storage }: Scope, steps: readonly string[]): StructureNode[] {
  if (steps.length > 0) return [];
  return headerRows(storage).map(({ field, value, at, length }) =>
    leaf({ path: `header/${field}`, label: field, detail: value, use: 'header', at, length }),
  );
}

/** The header extensions; below the feature name table, its records. */
export function extensionChildren(scope: Scope, [index, ...rest]: readonly string[]): StructureNode[] {
  if (rest.length > 0) return [];
  if (index !== undefined) return featureNames(scope, Number(index));
  return extensionRows(scope.storage).map(({ name, at, length, value }, position) => ({
    path: `extensions/${position}`,
    label: name,
    detail: value,
    use: 'header',
    at,
    length: EXTENSION_HEADER.size + length,
    childCount: featureNames(scope, position).length,
  }));
}

function featureNames({ outline }: Scope, index: number): StructureNode[] {
  const extension = outline.extensions.extensions[index];
  if (extension?.magic !== EXTENSION_FEATURE_NAMES) return [];
  return decodeFeatureNames(extension.data).map(({ kind, bit, name }, position) =>
    leaf({
      path: `extensions/${index}/${position}`,
      label: `${kind ?? 'unknown kind'} bit ${bit}`,
      detail: name,
      use: 'header',
      at: extension.at + EXTENSION_HEADER.size + position * FEATURE_NAME_RECORD_SIZE,
      length: FEATURE_NAME_RECORD_SIZE,
    }),
  );
}
