// Who may import whom. ESLint's no-restricted-imports (eslint.config.js) is made from this table, and each layer's
// tsconfig adds what the compiler can check (no DOM in the engine, no Node types outside `node`).
/** @type {Record<string, { imports: string[], typesOnly?: string[] }>} */
export const LAYERS = {
  engine: { imports: [] },
  lab: { imports: ['#engine'] },
  console: { imports: ['#engine'] },
  rpc: { imports: [] },
  protocol: { imports: [], typesOnly: ['#engine', '#lab', '#rpc'] },
  worker: { imports: ['#engine', '#lab', '#console', '#rpc', '#protocol'] },
  node: { imports: ['#engine', '#console'] },
  offline: { imports: [] },
  app: { imports: ['#rpc', '#protocol'] },
};

export const DOORS = ['#engine', '#lab', '#console', '#rpc', '#protocol', '#node'];
