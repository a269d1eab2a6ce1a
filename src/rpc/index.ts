// The door of the RPC layer: typed calls over a port.
export { createClient, type CallOptions, type Client } from './client.ts';
export { isRpcError, RpcError } from './error.ts';
export type { MethodName, MethodRow, MethodTable, RpcPort } from './method.ts';
export { serve, type CallContext, type Handler, type Handlers, type Server } from './serve.ts';
export { runInSlices, Turns } from './slices.ts';
export { acceptPorts, connectToWorker } from './worker-port.ts';
