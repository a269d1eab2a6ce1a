import {
  applyRepair,
  checkImage,
  checkJson,
  checkOutput,
  planRepair,
  RepairFailure,
  repairFailureText,
  repairOutput,
  type CheckOutput,
  type RepairMode,
} from '#engine';
import { inDictionaryOrder } from '../../options/json-text.ts';
import { ImgFailure, misused } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { prettyJson } from '../json-output.ts';
import { storageOf } from '../../block/node-storage.ts';
import { runTask } from '../../pace.ts';
import { strerror } from '../../text/strerror.ts';

const UNSUPPORTED = 63;

export const check: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'check',
    judge: ({ name, value }) => {
      if (name === 'r') repairModeOf(value);
    },
    short: 'hf:r:T:qU',
    long: { 'format=': 'f', 'repair=': 'r', 'output=': 'output', 'force-share': 'U' },
  });
  const mode = repairModeOf(invocation.value('r'));
  const [name] = invocation.words;
  if (name === undefined || invocation.words.length !== 1) throw misused('Expecting one image file name');
  const { isJson } = invocation;
  const cacheMode = invocation.cacheMode('T', 'writeback', 'source ');
  const file = await invocation.openToCheck(name, {
    writable: mode !== null,
    cacheMode,
    format: invocation.value('f'),
    isShared: invocation.has('U'),
  });
  if (file === null) throw new ImgFailure('This image format does not support checks', { exitCode: UNSUPPORTED });
  const storage = storageOf(file);

  const { output, stderr, exitCode, json } = await (mode === null ? checked() : repaired(mode));
  host.writeErr(stderr);
  invocation.print(isJson ? (json === null ? '' : prettyJson(inPrintedOrder(json))) : output);
  file.close();
  return exitCode;

  async function checked() {
    const report = await runTask(host, checkImage(storage));
    return { ...checkOutput(report), json: report.aborted === null ? checkJson(name!, { report }) : null };
  }

  async function repaired(repairMode: RepairMode) {
    const plan = await runTask(host, planRepair(storage, repairMode));
    const json = checkJson(name!, plan);
    try {
      await runTask(host, applyRepair(storage, plan));
    } catch (error) {
      if (!(error instanceof RepairFailure)) throw error;
      return { ...failedOutput(error), json: null };
    }
    return { ...repairOutput(plan), json: (plan.after ?? plan.report).aborted === null ? json : null };
  }
};

function inPrintedOrder(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(inDictionaryOrder(Object.keys(json)).map((name) => [name, json[name]]));
}

/** Where the storage fails during a repair. */
function failedOutput(failure: RepairFailure): CheckOutput {
  const reason = strerror(failure);
  const { lines, complaint } = repairFailureText(failure, reason);
  const complaints = [...(complaint === null ? [] : [complaint]), `Check failed: ${reason}`];
  const stderr = [...lines, ...complaints.map((text) => `qemu-img: ${text}`)].map((line) => `${line}\n`).join('');
  return { output: '', stderr, exitCode: 1 };
}

function repairModeOf(text: string | undefined): RepairMode | null {
  if (text === undefined) return null;
  if (text === 'leaks' || text === 'all') return text;
  throw misused(`Unknown option value for -r (expecting 'leaks' or 'all'): ${text}`);
}
