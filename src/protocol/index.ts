export * from './library.ts';
export * from './image.ts';
export * from './methods.ts';
