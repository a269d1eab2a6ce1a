import { EngineError } from '#engine';
import type { ConsoleHost } from '../host.ts';
import { protocolOf } from './drivers/index.ts';
import { withoutProtocol } from './path.ts';

/**
 * The path of a file that is to be created by a name, which may begin with a protocol.
 * @throws EngineError unsupported for protocols that create nothing
 */
export async function pathToCreate(host: ConsoleHost, name: string): Promise<string> {
  const { name: protocol } = await protocolOf(host, name, { prefixCounts: true });
  if (protocol === 'file') return withoutProtocol(name, 'file');
  throw new EngineError('unsupported', `Protocol driver '${protocol}' does not support image creation`);
}
