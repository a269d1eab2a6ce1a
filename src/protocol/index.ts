export * from './library.ts';
export * from './image.ts';
export * from './methods.ts';
export * from './engine-types.ts';
export * from './uses.ts';
