// The lab's door: everything that other layers may use.
export * from './scenario.ts';
export * from './recording.ts';
export * from './cost.ts';
export * from './crash-state.ts';
export * from './reopening.ts';
export * from './exploration.ts';
