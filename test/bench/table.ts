import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import type { DuelResult } from './duel.ts';

const README = 'test/bench/README.md';

const HEAD = [
  ['operation', 'QEMU', '±', 'program', 'ratio', 'CPU', 'in process', 'ratio', 'target', 'memory, QEMU', 'ours'],
  ['---', '--:', '--:', '--:', '--:', '--:', '--:', '--:', '---', '--:', '--:'],
];

/** Prints a section's results, and puts them into the README in place of the section's last ones. */
export function publish(section: string, results: readonly DuelResult[]): void {
  const rows = [...HEAD, ...results.map(rowOf)].map((cells) => `| ${cells.join(' | ')} |`);
  const { model } = cpus()[0]!;
  const machine = `Node ${process.versions.node}, ${availableParallelism()} × ${model}`;
  // Beside a benchmark alone on the machine, the load is about one.
  const text = [`${machine}, load ${loadavg()[0]!.toFixed(1)} at the end.`, '', ...rows].join('\n');
  console.log(`\n${section}\n\n${rows.join('\n')}`);
  replaceSection(section, text);
}

/** @throws Error when the README has no such section */
export function replaceSection(section: string, text: string): void {
  const readme = readFileSync(README, 'utf8');
  const [start, end] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  if (!readme.includes(start) || !readme.includes(end)) throw new Error(`${README} has no section ${section}.`);
  const before = readme.slice(0, readme.indexOf(start) + start.length);
  const after = readme.slice(readme.indexOf(end));
  writeFileSync(README, `${before}\n\n${text}\n\n${after}`);
}

function rowOf({ operation, target, theirs, ours, inProcess }: DuelResult): string[] {
  const ratio = (value: number | null | undefined, by: number | null) =>
    value === null || value === undefined || by === null || by === 0 ? '–' : (value / by).toFixed(3);
  return [
    operation,
    time(theirs.wall),
    theirs.runs === 1 ? 'one run' : `${Math.round(theirs.spread * 100)} %`,
    ours === null ? '–' : time(ours.wall),
    ratio(ours?.wall, theirs.wall),
    ratio(ours?.cpu, theirs.cpu),
    inProcess === null ? '–' : time(inProcess),
    ratio(inProcess, theirs.wall),
    target,
    memory(theirs.memory),
    ours === null ? '–' : memory(ours.memory),
  ];
}

export function time(milliseconds: number): string {
  if (milliseconds >= 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds >= 100 ? `${milliseconds.toFixed(0)} ms` : `${milliseconds.toFixed(1)} ms`;
}

function memory(mebibytes: number | null): string {
  return mebibytes === null ? '–' : `${mebibytes.toFixed(0)} MiB`;
}
