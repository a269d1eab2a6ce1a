import { EngineError, Suspension, type DebugEvent, type EngineErrorCode } from '#engine';

export const IO_TYPES = ['read', 'write', 'write-zeroes', 'discard', 'flush', 'block-status'] as const;
export type IoType = (typeof IO_TYPES)[number];

/** Accesses that fail where a rule does not name one. */
const IO_TYPES_DEFAULT: ReadonlySet<IoType> = new Set(['read', 'write', 'write-zeroes', 'discard', 'flush']);

interface RuleCondition {
  readonly event: DebugEvent;
  /** Only in this state; 0: in any. */
  readonly state: number;
}

/** From the event on, accesses fail. */
export interface InjectError extends RuleCondition {
  readonly kind: 'inject-error';
  readonly ioType: IoType | null;
  readonly errno: number;
  /** Only accesses that touch this byte. */
  readonly offset: number | null;
  readonly once: boolean;
}

export interface SetState extends RuleCondition {
  readonly kind: 'set-state';
  readonly newState: number;
}

/** The request that comes to the event is suspended; a breakpoint works once. */
interface Breakpoint extends RuleCondition {
  readonly kind: 'suspend';
  readonly tag: string;
}

type Rule = InjectError | SetState | Breakpoint;

/**
 * The state machine of blkdebug: events bring rules into force, rules let accesses fail, change the state or suspend.
 * An event that injects errors puts the rules of earlier ones out of force.
 */
export class BlkdebugRules {
  #state = 1;
  /** The latest first, as QEMU goes through them. */
  #rules: Rule[] = [];
  #active: InjectError[] = [];
  /** While a suspended request is carried out anew: the event up to which it has been before. */
  #replayedUntil: DebugEvent | null = null;

  constructor(rules: readonly (InjectError | SetState)[]) {
    this.#rules = [...rules].reverse();
    this.onEvent('none');
  }

  /** @throws Suspension at a breakpoint */
  onEvent(event: DebugEvent): void {
    if (this.#replayedUntil !== null) {
      if (event === this.#replayedUntil) this.#replayedUntil = null;
      return;
    }
    const matching = this.#rules.filter(
      (rule) => rule.event === event && (rule.state === 0 || rule.state === this.#state),
    );
    if (matching.length === 0) return;
    const injecting = matching.filter((rule) => rule.kind === 'inject-error');
    if (injecting.length > 0) this.#active = injecting.reverse();
    for (const rule of matching) if (rule.kind === 'set-state') this.#state = rule.newState;
    const breakpoints = matching.filter((rule) => rule.kind === 'suspend');
    if (breakpoints.length === 0) return;
    this.#rules = this.#rules.filter((rule) => !matching.includes(rule) || rule.kind !== 'suspend');
    throw new Suspension(
      breakpoints.map(({ tag }) => tag),
      event,
    );
  }

  /** To be asked before every access. @throws EngineError what a rule in force wants it to be */
  check(ioType: IoType, at: number, length: number): void {
    const rule = this.#active.find((active) => concerns(active, ioType, at, length));
    if (rule === undefined || rule.errno === 0) return;
    if (rule.once) {
      this.#active = this.#active.filter((active) => active !== rule);
      this.#rules = this.#rules.filter((one) => one !== rule);
    }
    throw new EngineError(CODES[rule.errno] ?? 'io', `blkdebug let this ${ioType} fail with errno ${rule.errno}.`);
  }

  addBreakpoint(event: DebugEvent, tag: string): void {
    this.#rules.unshift({ kind: 'suspend', event, state: 0, tag });
  }

  /** Removes breakpoints that nothing came to, those of a tag or (null) all; returns whether there was one. */
  removeBreakpoints(tag: string | null): boolean {
    const kept = this.#rules.filter((rule) => rule.kind !== 'suspend' || (tag !== null && rule.tag !== tag));
    const hasRemoved = kept.length < this.#rules.length;
    this.#rules = kept;
    return hasRemoved;
  }

  /** Runs a suspended request anew: events that it has been through already do nothing a second time. */
  replay(until: DebugEvent, work: () => void): void {
    this.#replayedUntil = until;
    try {
      work();
    } finally {
      this.#replayedUntil = null;
    }
  }
}

function concerns(rule: InjectError, ioType: IoType, at: number, length: number): boolean {
  if (rule.ioType === null ? !IO_TYPES_DEFAULT.has(ioType) : rule.ioType !== ioType) return false;
  return rule.offset === null || (rule.offset >= at && rule.offset < at + length);
}

/** Linux's numbers; of others only the name of "input/output error" is known here. */
const CODES: Readonly<Record<number, EngineErrorCode>> = {
  1: 'read-only',
  2: 'not-found',
  5: 'io',
  11: 'locked',
  13: 'permission',
  17: 'exists',
  22: 'invalid-argument',
  28: 'no-space',
  95: 'unsupported',
  123: 'closed',
  125: 'cancelled',
};
