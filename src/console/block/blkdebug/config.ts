import { DEBUG_EVENTS, EngineError, type DebugEvent } from '#engine';
import { takeChild, textOf, type Options } from '../../options/options.ts';
import { IO_TYPES, type InjectError, type IoType, type SetState } from './rules.ts';

type GroupName = 'inject-error' | 'set-state';

const GROUPS: Readonly<Record<GroupName, readonly string[]>> = {
  'inject-error': ['event', 'state', 'iotype', 'errno', 'sector', 'once', 'immediately'],
  'set-state': ['event', 'state', 'new_state'],
};

/** One rule as it is written down. */
interface Section {
  readonly group: GroupName;
  readonly options: Texts;
}

type Texts = Map<string, string>;

const EIO = 5;
const SECTOR_SIZE = 512;

/**
 * The rules of a configuration file and of driver options, judged in QEMU's order and with its texts. `immediately` says
 * whether a failing access yields first; here accesses are synchronous, so it makes no difference.
 * @throws EngineError invalid-argument
 */
export function parseRules(configText: string | null, options: Options): (InjectError | SetState)[] {
  const sections = configText === null ? [] : [...sectionsOfText(configText)];
  for (const group of ['inject-error', 'set-state'] as const) sections.push(...sectionsOfOptions(group, options));
  return [
    ...sections.filter(({ group }) => group === 'inject-error').map(({ options }) => injectErrorOf(options)),
    ...sections.filter(({ group }) => group === 'set-state').map(({ options }) => setStateOf(options)),
  ];
}

/** `[group]` or `[group "id"]`, then lines `name = "value"`. */
function* sectionsOfText(text: string): Generator<Section> {
  let section: Section | null = null;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[([^\s\]]+)(?: "[^"]+"\]|\])/.exec(line);
    if (heading !== null) {
      if (section !== null) yield section;
      section = { group: groupNamed(heading[1]!), options: new Map() };
      continue;
    }
    const word = /^\s*(\S+)/.exec(line);
    if (word === null) refuse('parse error');
    if (section === null) refuse('no group defined');
    const value = /^\s*\S+\s*=\s*"([^"]+)/.exec(line.replace(word[1]!, 'x'))?.[1] ?? '';
    section.options.set(word[1]!, value);
  }
  if (section !== null) yield section;
}

function groupNamed(name: string): GroupName {
  if (name === 'inject-error' || name === 'set-state') return name;
  return refuse(`There is no option group '${name}'`);
}

/** `inject-error.event=…`, or numbered from 0: `inject-error.0.event=…`. */
function* sectionsOfOptions(group: GroupName, options: Options): Generator<Section> {
  const given = takeChild(options, group);
  if (given.size === 0) return;
  const single: Texts = new Map();
  for (const name of GROUPS[group]) {
    const value = given.get(name);
    if (value !== undefined) single.set(name, textOf(value));
    given.delete(name);
  }
  if (single.size > 0) {
    for (const name of given.keys()) refuse(`Unknown option '${name}' for [${group}]`);
    yield { group, options: single };
    return;
  }
  for (let index = 0; given.size > 0; index++) {
    const numbered = takeChild(given, String(index));
    if (numbered.size === 0) refuse(`Unused option '${[...given.keys()][0]}' for [${group}]`);
    const unknown = [...numbered.keys()].find((name) => !GROUPS[group].includes(name));
    if (unknown !== undefined) refuse(`[${group}] section doesn't support the option '${unknown}'`);
    yield { group, options: new Map([...numbered].map(([name, value]) => [name, textOf(value)])) };
  }
}

function injectErrorOf(options: Texts): InjectError {
  mustBeKnown('inject-error', options);
  const numbers = {
    state: numberAt(options, 'state') ?? 0,
    errno: numberAt(options, 'errno') ?? EIO,
    sector: numberAt(options, 'sector'),
  };
  const once = switchAt(options, 'once');
  switchAt(options, 'immediately');
  const event = eventOf(options);
  const ioType = options.get('iotype');
  if (ioType !== undefined && !isIoType(ioType)) refuse(`invalid parameter value: ${ioType}`);
  return {
    kind: 'inject-error',
    event,
    state: numbers.state,
    ioType: ioType ?? null,
    errno: numbers.errno,
    offset: numbers.sector === null ? null : numbers.sector * SECTOR_SIZE,
    once,
  };
}

function setStateOf(options: Texts): SetState {
  mustBeKnown('set-state', options);
  const state = numberAt(options, 'state') ?? 0;
  const newState = numberAt(options, 'new_state') ?? 0;
  return { kind: 'set-state', event: eventOf(options), state, newState };
}

function mustBeKnown(group: GroupName, options: Texts): void {
  for (const name of options.keys()) if (!GROUPS[group].includes(name)) refuse(`Invalid parameter '${name}'`);
}

function eventOf(options: Texts): DebugEvent {
  const name = options.get('event');
  if (name === undefined) refuse('Missing event name for rule');
  return isDebugEvent(name) ? name : refuse(`invalid parameter value: ${name}`);
}

export function isDebugEvent(name: string): name is DebugEvent {
  return (DEBUG_EVENTS as readonly string[]).includes(name);
}

function isIoType(name: string): name is IoType {
  return (IO_TYPES as readonly string[]).includes(name);
}

function numberAt(options: Texts, name: string): number | null {
  const text = options.get(name);
  if (text === undefined) return null;
  return /^\s*(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : refuse(`Parameter '${name}' expects a number`);
}

function switchAt(options: Texts, name: string): boolean {
  const text = options.get(name) ?? 'off';
  if (['on', 'yes', 'true', 'y'].includes(text)) return true;
  if (['off', 'no', 'false', 'n'].includes(text)) return false;
  return refuse(`Parameter '${name}' expects 'on' or 'off'`);
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
