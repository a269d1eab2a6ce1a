import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { DOORS, LAYERS } from '../layers.js';

interface Import {
  readonly file: string;
  readonly from: string;
  readonly isType: boolean;
}

const SOURCES = sourceFiles();
const IMPORTS = SOURCES.flatMap(importsOf);

describe('layers', () => {
  it('has a row in layers.js, and a tsconfig, for every folder of src', () => {
    const folders = [...new Set(SOURCES.map(layerOf))].sort();
    expect(folders).toEqual(Object.keys(LAYERS).sort());
    for (const layer of folders) expect(existsSync(`src/${layer}/tsconfig.json`), layer).toBe(true);
  });

  it('imports only the doors that layers.js grants', () => {
    const offences = IMPORTS.filter(({ from }) => from.startsWith('#')).filter(({ file, from, isType }) => {
      const { imports, typesOnly = [] } = LAYERS[layerOf(file)]!;
      return !imports.includes(from) && !(isType && typesOnly.includes(from));
    });
    expect(offences).toEqual([]);
  });

  it('stays inside its layer with relative imports', () => {
    const offences = IMPORTS.filter(({ from }) => from.startsWith('.')).filter(
      ({ file, from }) => layerOf(resolve(file, from)) !== layerOf(file),
    );
    expect(offences).toEqual([]);
  });

  it("uses Node's own modules only in the node layer", () => {
    const offences = IMPORTS.filter(({ file, from }) => from.startsWith('node:') && layerOf(file) !== 'node');
    expect(offences).toEqual([]);
  });

  it('has no circular import', () => {
    expect(findCycle(runtimeGraph())).toBeNull();
  });
});

describe('the lint rules made from layers.js', () => {
  const eslint = new ESLint();
  const messagesFor = async (filePath: string, code: string) => {
    const [result] = await eslint.lintText(code, { filePath });
    return result!.messages.map(({ ruleId }) => ruleId);
  };
  const FORBIDDEN = Object.entries(LAYERS).flatMap(([layer, { imports }]) =>
    DOORS.filter((door) => !imports.includes(door)).map((door) => [layer, door] as const),
  );

  it.each(FORBIDDEN)('refuse %s importing %s', async (layer, door) => {
    const messages = await messagesFor(`src/${layer}/probe.ts`, `import { x } from '${door}';\nx();\n`);
    expect(messages).toContain('@typescript-eslint/no-restricted-imports');
  });

  it('let the protocol import types of the engine', async () => {
    const messages = await messagesFor(
      'src/protocol/probe.ts',
      `import type { X } from '#engine';\nexport type Y = X;\n`,
    );
    expect(messages).toEqual([]);
  });

  it('refuse a path into another layer', async () => {
    const code = `import { x } from '../../engine/index.ts';\nx();\n`;
    expect(await messagesFor('src/lab/deep/probe.ts', code)).toContain('@typescript-eslint/no-restricted-imports');
  });
});

function sourceFiles(): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((file) => join('src', file));
  return files.filter((file) => /\.(ts|svelte)$/.test(file) && !file.endsWith('.d.ts'));
}

function layerOf(file: string): string {
  return file.split(sep)[1]!;
}

function importsOf(file: string): Import[] {
  const code = readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements = code.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm);
  const calls = code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
  return [
    ...[...statements].map(([, type, from]) => ({ file, from: from!, isType: type !== undefined })),
    ...[...calls].map(([, from]) => ({ file, from: from!, isType: false })),
  ];
}

function resolve(file: string, from: string): string {
  return relative('.', join(dirname(file), from));
}

/** Who runs whom: type imports vanish when compiled and cannot make a cycle. */
function runtimeGraph(): Map<string, string[]> {
  const doors = Object.fromEntries(DOORS.map((door) => [door, `src/${door.slice(1)}/index.ts`]));
  const graph = new Map(SOURCES.map((file) => [file, [] as string[]]));
  for (const { file, from, isType } of IMPORTS) {
    if (isType) continue;
    const target = doors[from] ?? (from.startsWith('.') ? resolve(file, from) : null);
    if (target !== null && graph.has(target)) graph.get(file)!.push(target);
  }
  return graph;
}

function findCycle(graph: Map<string, string[]>): string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    path.push(file);
    for (const next of graph.get(file)!) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return null;
}
