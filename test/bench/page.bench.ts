// The page's console, as its user types into it, beside the real qemu-img: Chromium works in its own files (OPFS), QEMU on the same
// images on the same disk.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Playwright from 'playwright';
import type * as Vite from 'vite';
import { CHROMIUM_ARGUMENTS, chromiumPath, temporaryProfile } from '../tools/chromium.ts';
import { MIB, withFolder, writeTypical } from './images.ts';
import { medianOf } from './measure.ts';
import { ourQemuImg } from './our-qemu-img.ts';
import { runProgram } from './programs.ts';
import { projectRequire } from './project.ts';
import { replaceSection, time } from './table.ts';

// These two cannot be bundled.
const { chromium } = projectRequire('playwright') as typeof Playwright;

const DATA = 192 * MIB;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 0);
const ROUNDS_DEFAULT = 3;
/** For what is quick, where the noise is widest. */
const ROUNDS_OF_QUICK = 11;
/** A command may take as long as this. */
const PATIENCE_MS = 300_000;

interface Duel {
  readonly operation: string;
  readonly target: string;
  /** Typed into the page, and given to QEMU with the names of its own files. */
  readonly line: string;
  /** Done before each run, outside its time. */
  readonly before?: string;
  /** What is said beside the times, of the page's milliseconds. */
  readonly note?: (milliseconds: number) => string;
  readonly rounds?: number;
}

const speed = (milliseconds: number) => `${(DATA / 1000 / milliseconds).toFixed(0)} MB/s`;

/** The page reads it where it lies. */
const LOCAL = 'create -q -f qcow2 -o preallocation=metadata local-1t 1T';
/** In the browser's own files a hole counts as room taken. On a large disk a page may take as much as this; here it is allowed to. */
const QUOTA = 8e12;

/** Made by QEMU, and copied into the browser's files; what the copies are called there. */
const COPIES: Readonly<Record<string, string>> = {
  'plain.qcow2': 'plain 2.qcow2',
  'zlib.qcow2': 'zlib 2.qcow2',
  'zstd.qcow2': 'zstd 2.qcow2',
};

/** Made on both sides, by the same command lines. */
const MADE = [
  'create -q -f qcow2 -o preallocation=metadata full-1t 1T',
  'create -q -f qcow2 -o preallocation=metadata full-64g 64G',
  'create -q -f qcow2 -o preallocation=metadata,cluster_size=4k full-4k 16G',
];

const DUELS: readonly Duel[] = [
  { operation: 'check, 1 TiB, 64K clusters', target: '≤ 0.25', line: 'check full-1t' },
  { operation: 'check, 64 GiB, 64K clusters', target: '≤ 0.25', line: 'check full-64g', rounds: ROUNDS_OF_QUICK },
  { operation: 'check, 16 GiB, 4K clusters', target: '≤ 0.10', line: 'check full-4k' },
  { operation: 'map, 1 TiB in sequence', target: '≤ 0.5', line: 'map full-1t' },
  { operation: 'map, 64 GiB in sequence', target: '≤ 0.5', line: 'map full-64g', rounds: ROUNDS_OF_QUICK },
  { operation: 'check, 1 TiB, a local file', target: 'no goal', line: 'check local-1t' },
  { operation: 'map, 1 TiB, a local file', target: 'no goal', line: 'map local-1t' },
  {
    operation: 'reading 4K here and there, 64 GiB, 100000 times',
    target: '≤ 0.2',
    line: 'bench -f qcow2 -d 1 -c 100000 -s 4096 -S 1327210496 full-64g',
  },
  {
    operation: 'allocating write, writeback, 4K, 10000 times',
    target: '≤ 0.5',
    before: 'create -q -f qcow2 written 64G',
    line: 'bench -f qcow2 -d 1 -c 10000 -s 4096 -S 65536 -w -t writeback written',
    rounds: ROUNDS_OF_QUICK,
  },
  {
    operation: 'from zlib, 192 MiB',
    target: '≤ 1.2',
    line: 'convert -O raw zlib.qcow2 out',
    note: speed,
  },
  { operation: 'from zstd, 192 MiB', target: '≤ 1.6', line: 'convert -O raw zstd.qcow2 out', note: speed },
  { operation: '`convert -c`, 192 MiB', target: '≤ 0.7', line: 'convert -c -O qcow2 plain.qcow2 packed', note: speed },
  {
    operation: 'qcow2→raw, 192 MiB',
    target: '≥ 500 MB/s',
    line: 'convert -O raw plain.qcow2 out',
    note: speed,
    rounds: ROUNDS_OF_QUICK,
  },
  {
    operation: 'raw→qcow2, 192 MiB',
    target: '≥ 400 MB/s',
    line: 'convert -f raw -O qcow2 out back',
    note: speed,
    rounds: ROUNDS_OF_QUICK,
  },
];

export default async function run(): Promise<void> {
  const { preview } = (await import(pathToFileURL(projectRequire.resolve('vite')).href)) as typeof Vite;
  await withFolder(tmpdir(), async (folder) => {
    await makeFiles(folder);
    const outDir = `${folder}/built`;
    spawnSync('npx', ['vite', 'build', '--outDir', outDir, '--logLevel', 'warn'], { stdio: 'inherit' });
    const server = await preview({ build: { outDir }, preview: { port: 0, host: '127.0.0.1' }, logLevel: 'warn' });
    const browser = await chromium.launchPersistentContext(temporaryProfile(), {
      ...(chromiumPath() !== undefined && { executablePath: chromiumPath()! }),
      args: CHROMIUM_ARGUMENTS,
      headless: true,
    });
    try {
      const page = browser.pages()[0] ?? (await browser.newPage());
      const address = server.resolvedUrls!.local[0]!;
      await page.goto(address);
      const devTools = await browser.newCDPSession(page);
      await devTools.send('Storage.overrideQuotaForOrigin', { origin: new URL(address).origin, quotaSize: QUOTA });
      for (const name of ['local-1t', ...Object.keys(COPIES)]) await openFile(page, `${folder}/${name}`);
      for (const name of Object.keys(COPIES)) await copyIntoBrowser(page, name);
      await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Console' }).click();
      for (const line of MADE) await typeLine(page, `qemu-img ${line}`);
      const rows: string[] = [];
      for (const duel of DUELS) rows.push(await fight(page, folder, duel));
      publish(rows, browser.browser()?.version() ?? 'Chromium');
    } finally {
      await browser.close();
      await server.close();
    }
  });
}

async function makeFiles(folder: string): Promise<void> {
  const path = (name: string) => `${folder}/${name}`;
  writeTypical(path('typical'), DATA);
  runProgram('qemu-img', ['convert', '-O', 'qcow2', path('typical'), path('plain.qcow2')]);
  for (const type of ['zlib', 'zstd']) {
    const options = ['-c', '-O', 'qcow2', '-o', `compression_type=${type}`];
    runProgram('qemu-img', ['convert', ...options, path('typical'), path(`${type}.qcow2`)]);
  }
  // The bytes are those that QEMU writes, which takes it minutes with small clusters.
  for (const line of [LOCAL, ...MADE]) await ourQemuImg(...wordsOf(line, folder));
}

/** The words of a command line, with the names of files in a folder. */
function wordsOf(line: string, folder: string): string[] {
  const isFile = /^((full|local)-\w+|written|out|back|packed|\w+\.qcow2)$/;
  return line.split(' ').map((word) => (isFile.test(word) ? `${folder}/${word}` : word));
}

async function fight(
  page: Playwright.Page,
  folder: string,
  { operation, target, line, before, note, rounds = ROUNDS_DEFAULT }: Duel,
): Promise<string> {
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < (ROUNDS || rounds); round++) {
    if (before !== undefined) runProgram('qemu-img', wordsOf(before, folder));
    const { wall, stdout } = runProgram('qemu-img', wordsOf(line, folder));
    theirs.push(ownTime(stdout) ?? wall);
    if (before !== undefined) await typeLine(page, `qemu-img ${before}`);
    const inPage = line.replace(/\w+\.qcow2/, (name) => `'${COPIES[name]}'`);
    const typed = await typeLine(page, `qemu-img ${inPage}`);
    ours.push(ownTime(typed.printed) ?? typed.wall);
  }
  const [their, our] = [medianOf(theirs), medianOf(ours)];
  const spread = `${Math.round(((Math.max(...theirs) - Math.min(...theirs)) / their) * 100)} %`;
  const cells = [operation, time(their), spread, time(our), (our / their).toFixed(3), target, note?.(our) ?? ''];
  const row = `| ${cells.join(' | ')} |`;
  console.log(row);
  return row;
}

/** Milliseconds, where the program measures itself. */
function ownTime(printed: string): number | null {
  const match = /Run completed in ([\d.]+) seconds/.exec(printed);
  return match === null ? null : Number(match[1]) * 1000;
}

/** Opens a file of the disk, which the page reads where it lies. */
async function openFile(page: Playwright.Page, file: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Library' }).click();
  await page.evaluate(() => Object.assign(window, { showOpenFilePicker: undefined }));
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open a file' }).click();
  await (await chooser).setFiles(file);
  await page.getByRole('heading', { level: 1, name: basename(file) }).waitFor();
}

/** Chooses “Copy into the browser” for a local file of the library, and waits until the copy is there. */
async function copyIntoBrowser(page: Playwright.Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Library' }).click();
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Copy into the browser' }).click();
  await page.getByRole('link', { name: COPIES[name]!, exact: true }).waitFor();
}

/** Types a line and waits for its end. @throws Error when the command fails */
async function typeLine(
  page: Playwright.Page,
  line: string,
): Promise<{ readonly wall: number; readonly printed: string }> {
  await page.getByRole('combobox', { name: /Command line/ }).fill('clear');
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: /Command line/ }).fill(line);
  const running = await page.evaluateHandle(timedInPage, PATIENCE_MS);
  await page.keyboard.press('Enter');
  const wall = await running.evaluate(({ ended }) => ended);
  const printed = await page.getByRole('region', { name: 'Console' }).innerText();
  if (printed.includes('exit code')) throw new Error(`${line}\n${printed}`);
  return { wall, printed };
}

/**
 * Runs in the page: the milliseconds from the key to the end of the command. Asked from outside, at intervals that grow to
 * half a second, all that takes a second would seem to take the same. `innerText` would lay the page out at every change.
 */
function timedInPage(patience: number): { readonly ended: Promise<number> } {
  const isRunning = () =>
    [...document.querySelectorAll('button')].some(
      ({ disabled, textContent }) => !disabled && textContent.includes('Ctrl+C'),
    );
  const ended = new Promise<number>((resolve, reject) => {
    const onKey = () => {
      const start = performance.now();
      let hasBegun = false;
      const observer = new MutationObserver(() => {
        if (!hasBegun) hasBegun = isRunning();
        else if (!isRunning()) finish(() => resolve(performance.now() - start));
      });
      const finish = (settle: () => void) => {
        observer.disconnect();
        clearTimeout(timer);
        settle();
      };
      const timer = setTimeout(() => finish(() => reject(new Error('The command does not end.'))), patience);
      observer.observe(document.body, { subtree: true, childList: true, attributes: true });
    };
    document.addEventListener('keydown', onKey, { capture: true, once: true });
  });
  return { ended };
}

function publish(rows: readonly string[], version: string): void {
  const head = ['| operation | QEMU | ± | page | ratio | target | |', '| --- | --: | --: | --: | --: | --- | --: |'];
  replaceSection('page', [`Chromium ${version}.`, '', ...head, ...rows].join('\n'));
}
