import { isDebugEvent } from '../../block/blkdebug/config.ts';
import type { IoCommand } from '../command.ts';
import type { IoSession } from '../session.ts';

const NO_SUCH = 'No such file or directory';
const UNSUPPORTED = 'Operation not supported';

export const BREAK: IoCommand = {
  name: 'break',
  argumentsMin: 2,
  argumentsMax: 2,
  usage: 'event tag',
  summary: 'sets a breakpoint on event and tags the stopped request as tag',
  help: 'The next request that comes to the event of blkdebug is suspended under the tag until it is resumed.',
  run(session, [event, tag]) {
    if (!session.requests.hasBreakpoints) return failed(session, 'Could not set breakpoint', UNSUPPORTED);
    if (!isDebugEvent(event!)) return failed(session, 'Could not set breakpoint', NO_SUCH);
    session.requests.addBreakpoint(event, tag!);
    return true;
  },
};

export const REMOVE_BREAK: IoCommand = {
  name: 'remove_break',
  argumentsMin: 1,
  argumentsMax: 1,
  usage: 'tag',
  summary: 'remove a breakpoint by tag',
  help: 'Removes the breakpoints with the tag, and lets the requests go that they hold.',
  run(session, [tag]) {
    if (!session.requests.hasBreakpoints) return failed(session, `Could not remove breakpoint ${tag}`, UNSUPPORTED);
    return session.requests.removeBreakpoint(tag!) || failed(session, `Could not remove breakpoint ${tag}`, NO_SUCH);
  },
};

export const RESUME: IoCommand = {
  name: 'resume',
  argumentsMin: 1,
  argumentsMax: 1,
  usage: 'tag',
  summary: 'resumes the request tagged as tag',
  help: 'Lets a request go on that a breakpoint suspended.',
  run(session, [tag]) {
    if (!session.requests.hasBreakpoints) return failed(session, 'Could not resume request', UNSUPPORTED);
    return session.requests.resume(tag!) || failed(session, 'Could not resume request', NO_SUCH);
  },
};

export const WAIT_BREAK: IoCommand = {
  name: 'wait_break',
  argumentsMin: 1,
  argumentsMax: 1,
  usage: 'tag',
  summary: 'waits for the suspension of a request',
  help: 'Waits until a request is suspended under the tag. Requests get there as soon as they are submitted, so it fails\nwhere QEMU would wait for ever.',
  run(session, [tag]) {
    session.requests.tell();
    if (session.requests.isSuspended(tag!)) return true;
    session.complain(`No request is suspended as '${tag}', and none is on its way there.`);
    return false;
  },
};

function failed(session: IoSession, what: string, reason: string): false {
  session.print(`${what}: ${reason}\n`);
  return false;
}
