// The console's door: QEMU's command lines over whatever files the host offers.
export type {
  CodecPool,
  ConsoleFiles,
  ConsoleHost,
  ConnectTiming,
  FileClaims,
  FileKind,
  FileStat,
  OverlappedStorage,
  SparseStorage,
  StorageRun,
  SocketAddress,
  SocketStream,
} from './host.ts';
export { WorkerPool, type CodecWorker } from './codec/worker-pool.ts';
export * from './block/node.ts';
export { fileInUse } from './block/file-in-use.ts';
export { isOverlapped } from './block/file-node.ts';
export type { BlockDriver, ChildRequest, ChildRole, DriverContext, OpenFlags } from './block/driver.ts';
export { openBlock, type OpenRequest } from './block/open.ts';
export { backingNameBeside, backingNameOf } from './block/backing-name.ts';
export { ITER_TIME_DEFAULT, masterKeyIterations, slotIterations } from './block/luks-iterations.ts';
export { randomSourceOf } from './random-source.ts';
export { shownNameOf } from './block/node-name.ts';
export { hasProtocol } from './block/path.ts';
export * from './options/objects.ts';
export * from './options/options.ts';
export * from './text/sizes.ts';
export { errnoText, strerror } from './text/strerror.ts';
export { qemuIo, runCommand } from './qemu-io/main.ts';
export { IoSession } from './qemu-io/session.ts';
export { qemuImg } from './qemu-img/main.ts';
export { qcow2Py } from './qcow2-py/main.ts';
export { complete, type CompletionRequest } from './complete/complete.ts';
export type { Candidate, Completion } from './complete/candidates.ts';
export { PROGRAMS, type Program } from './programs.ts';
export { runLine, type ShellHost } from './shell/run-line.ts';
export { isIgnored, KilledBySignal } from './shell/signals.ts';
