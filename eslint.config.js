import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import { DOORS, LAYERS } from './layers.js';

const otherLayersByPath = Object.keys(LAYERS).map((layer) => `**/${layer}/**`);

/** Each layer sees only the doors its row in layers.js names; inside a layer, paths are relative. */
const layerRules = Object.entries(LAYERS).map(([layer, { imports, typesOnly = [] }]) => ({
  files: [`src/${layer}/**/*.{ts,svelte}`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        paths: DOORS.filter((door) => !imports.includes(door)).map((name) => ({
          name,
          message: `layers.js does not let ${layer} import ${name}.`,
          allowTypeImports: typesOnly.includes(name),
        })),
        patterns: [
          {
            group: otherLayersByPath.filter((path) => path !== `**/${layer}/**`).map((path) => `../${path}`),
            message: 'Enter another layer through its door (#name), never by path.',
          },
        ],
      },
    ],
  },
}));

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'] } },
  },
  {
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      // Playwright reads a fixture's needs from its first parameter: `{}` where there are none.
      'no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
      eqeqeq: 'error',
    },
  },
  ...layerRules,
);
