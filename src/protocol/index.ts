export * from './library.ts';
export * from './image.ts';
export * from './methods.ts';
export * from './engine-types.ts';
export * from './uses.ts';
export * from './lab.ts';
export type * from './lab-types.ts';
export * from './lab-tables.ts';
export * from './lab-link.ts';
