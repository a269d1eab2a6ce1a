import {
  annotate,
  applyRepair,
  applySnapshot,
  checkImage,
  checkOutput,
  closeImage,
  clusterDetail,
  clusterMap,
  createSnapshot,
  deleteSnapshot,
  explain,
  extensionRows,
  featureRows,
  HEADER,
  headerRows,
  infoJson,
  infoText,
  isEngineError,
  MemoryStorage,
  planRepair,
  readAt,
  readHead,
  repairOutput,
  resizeImage,
  snapshotRows,
  structureChildren,
  type CheckReport,
  type EngineError,
  type Finding,
  type Image,
  type RepairPlan,
} from '#engine';
import { Random } from '../tools/random.ts';
import { BudgetExceeded, drive, MeteredStorage } from './metered-storage.ts';
import { layoutOf, type Region } from './regions.ts';
import { changeSomething, openAny } from './sound-image.ts';

/** Something that must never happen, however broken the image is. */
export class Violation extends Error {
  readonly step: string;

  constructor(step: string, message: string, options?: { cause: unknown }) {
    super(`${step}: ${message}`, options);
    this.name = 'Violation';
    this.step = step;
  }
}

/** Of larger disks only this much is read. */
const GUEST_BYTES_MAX = 16 * 1024 * 1024;
const GUEST_PIECE = 64 * 1024;

export interface Exercised {
  readonly check: CheckReport | null;
  readonly plan: RepairPlan | null;
}

/**
 * Does with an image everything that the workbench does with one, and holds the results against each other.
 * @throws Violation
 */
export function exercise(bytes: Uint8Array, seed: number): Exercised {
  const storage = new MeteredStorage(bytes);
  attempt('open', storage, () => openAny(storage, {}));
  attempt('open to write', storage, () => readHead(storage, { writable: true }));
  describe(storage, new Random(seed));
  const check = attempt('check', storage, () => drive(storage, checkImage(storage)));
  if (check !== null) wordsOf(storage, check);
  if (storage.written.length > 0) throw new Violation('reading', 'the image was written');
  const guest = readGuest('read', bytes);
  return { check, plan: repairAndUse(bytes, guest, seed) };
}

/** Runs one step. Only errors with a name may come out of it, and they end just this step. */
function attempt<T>(step: string, storage: MeteredStorage, work: () => T): T | null {
  storage.beginSlice();
  try {
    return work();
  } catch (error) {
    mustBeNamed(step, error);
    return null;
  }
}

function mustBeNamed(step: string, error: unknown): asserts error is EngineError {
  if (isEngineError(error)) return;
  const text = error instanceof BudgetExceeded || !(error instanceof Error) ? String(error) : (error.stack ?? '');
  throw new Violation(step, text, { cause: error });
}

function wordsOf(storage: MeteredStorage, report: CheckReport): void {
  checkOutput(report);
  attempt('explain', storage, () => explain(report, readHead(storage, { writable: false, checkMode: true }).header));
}

const INFO_NAMES = { fileName: 'image.qcow2', diskSize: 0 };

function describe(storage: MeteredStorage, random: Random): void {
  attempt('info', storage, () => infoText(storage, INFO_NAMES));
  attempt('info', storage, () => infoJson(storage, INFO_NAMES));
  for (const rows of [headerRows, featureRows, extensionRows, snapshotRows]) {
    attempt(rows.name, storage, () => rows(storage));
  }
  const places = [0, random.below(storage.size + 1), random.below(storage.size + 1)];
  for (const at of places) attempt('annotate', storage, () => annotate(storage, at, 4096));
  attempt('structure', storage, () => walkStructure(storage, '', 0));
  attempt('cluster map', storage, () => drive(storage, clusterMap(storage)));
  attempt('cluster detail', storage, () => drive(storage, clusterDetail(storage, random.below(64))));
}

const STRUCTURE_CHILDREN_MAX = 8;

function walkStructure(storage: MeteredStorage, path: string, depth: number): void {
  for (const child of structureChildren(storage, path, 0, STRUCTURE_CHILDREN_MAX)) {
    storage.beginSlice();
    if (child.childCount > 0 && depth < 5) walkStructure(storage, child.path, depth + 1);
  }
}

/** What the guest reads, piece by piece; null for a piece that cannot be read, and in all where nothing can. */
type GuestContent = readonly (Uint8Array | null)[] | null;

function readGuest(step: string, bytes: Uint8Array): GuestContent {
  const storage = new MeteredStorage(bytes);
  const image = attempt(`${step}: open`, storage, () => openAny(storage, {}));
  if (image === null) return null;
  const content = readPieces(step, storage, image);
  if (storage.written.length > 0) throw new Violation(step, 'the image was written');
  return content;
}

function readPieces(step: string, storage: MeteredStorage, image: Image): (Uint8Array | null)[] {
  const end = Math.min(image.virtualSize, GUEST_BYTES_MAX);
  const pieces: (Uint8Array | null)[] = [];
  for (let at = 0; at < end; at += GUEST_PIECE) {
    const piece = new Uint8Array(Math.min(GUEST_PIECE, end - at));
    pieces.push(attempt(step, storage, () => (readAt(image, at, piece), piece)));
  }
  return pieces;
}

function repairAndUse(bytes: Uint8Array, guest: GuestContent, seed: number): RepairPlan | null {
  const storage = new MeteredStorage(bytes);
  const plan = attempt('plan', storage, () => drive(storage, planRepair(storage, 'all', { isOneRun: true })));
  if (storage.written.length > 0) throw new Violation('plan', 'planning wrote into the image');
  if (plan === null) return null;
  repairOutput(plan);
  if (plan.refused !== null && plan.steps.length > 0) throw new Violation('plan', 'refused, and has steps');
  if (attempt('repair', storage, () => drive(storage, applyRepair(storage, plan))) === null) {
    throw new Violation('repair', 'a plan just made cannot be applied');
  }
  mustSpareGuest('repair', bytes, storage);
  if (storage.size > REPAIRED_SIZE_MAX) return plan;
  const repaired = storage.below.toBytes();
  const again = new MeteredStorage(repaired);
  const second = attempt('second plan', again, () => drive(again, planRepair(again, 'all', { isOneRun: true })));
  if (second !== null && second.steps.length > 0) {
    throw new Violation('second plan', `a second repair has steps: ${second.steps.map(({ kind }) => kind).join()}`);
  }
  const hasOverlaps = overlapsOf(bytes).size > 0 || overlapsOf(repaired).size > 0;
  if (!hasOverlaps) mustReadTheSame('read after repair', guest, readGuest('read after repair', repaired));
  // What was counted too low has more owners than the damage left it: two entries of one snapshot, too.
  const wereShared = plan.report.findings.some(({ kind }) => kind === 'cross-linked' || kind === 'refcount-too-low');
  use(repaired, { seed, isSound: isSound(plan) && !hasOverlaps, wereShared });
  return plan;
}

/** A repair may make a file long; copies of it are not looked at then. */
const REPAIRED_SIZE_MAX = 64 * 1024 * 1024;

export function isSound({ report, after, refused }: RepairPlan): boolean {
  const { corruptions, leaks, checkErrors } = (after ?? report).counters;
  return refused === null && report.aborted === null && corruptions + leaks + checkErrors === 0;
}

/** Writing where only guest data lies would change the disk; all other clusters are the repair's to use. */
function mustSpareGuest(step: string, bytes: Uint8Array, { written, below }: MeteredStorage): void {
  // Snapshots that a repair gives up, as it says, take their data with them.
  const kept = bytes.slice();
  const { at: countAt } = HEADER.fields.snapshotCount;
  below.read(countAt, kept.subarray(countAt, countAt + 4));
  const layout = layoutOf(kept);
  if (layout === null) return;
  const { clusterSize } = layout.geometry;
  const guest = clustersOf(
    layout.regions.filter((region) => isGuests(region, clusterSize)),
    clusterSize,
  );
  for (const cluster of clustersOf(
    layout.regions.filter((region) => !isGuests(region, clusterSize)),
    clusterSize,
  )) {
    guest.delete(cluster);
  }
  for (const { at, length, why } of written) {
    const last = Math.floor((at + length - 1) / clusterSize);
    for (let cluster = Math.floor(at / clusterSize); cluster <= last; cluster++) {
      if (guest.has(cluster)) throw new Violation(step, `${why} at ${at} hits guest data in cluster ${cluster}`);
      if (cluster * clusterSize > bytes.length) break;
    }
  }
}

/** What points between clusters cannot be read. */
function isGuests({ role, at }: Region, clusterSize: number): boolean {
  return role === 'stream' || (role === 'data' && at % clusterSize === 0);
}

function clustersOf(regions: readonly Region[], clusterSize: number): Set<number> {
  const clusters = new Set<number>();
  for (const { at, length } of regions) {
    const last = Math.floor((at + length - 1) / clusterSize);
    for (let cluster = Math.floor(at / clusterSize); cluster <= last; cluster++) clusters.add(cluster);
  }
  return clusters;
}

/** Clusters that hold guest data and a structure at once: mending one changes the other. */
function overlapsOf(bytes: Uint8Array): Set<number> {
  const layout = layoutOf(bytes);
  if (layout === null) return new Set();
  const { clusterSize } = layout.geometry;
  const structures = clustersOf(
    layout.regions.filter((region) => !isGuests(region, clusterSize)),
    clusterSize,
  );
  const guest = clustersOf(
    layout.regions.filter((region) => isGuests(region, clusterSize)),
    clusterSize,
  );
  return new Set([...guest].filter((cluster) => structures.has(cluster)));
}

/** Whatever could be read reads the same after a repair. */
function mustReadTheSame(step: string, before: GuestContent, after: GuestContent): void {
  before?.forEach((piece, index) => {
    if (piece === null) return;
    const now = after?.[index] ?? null;
    if (now === null) throw new Violation(step, `piece ${index} can no longer be read`);
    const at = piece.findIndex((byte, position) => byte !== now[position]);
    if (at >= 0) throw new Violation(step, `byte ${index * GUEST_PIECE + at} reads otherwise`);
  });
}

interface Condition {
  readonly seed: number;
  readonly isSound: boolean;
  /**
   * Guest addresses shared a cluster or an L2 table. When one of them gets its own, the flag of the other is not set again,
   * in QEMU neither: who it was, only a walk through all tables could tell. A missing flag costs a copy and no data.
   */
  readonly wereShared: boolean;
}

/** Uses an image as a guest and an administrator do. One that was sound must be sound afterwards. */
function use(bytes: Uint8Array, { seed, isSound: wasSound, wereShared }: Condition): void {
  const random = new Random(seed ^ 0x5eed);
  const storage = new MeteredStorage(bytes);
  const image = attempt('open repaired to write', storage, () => openAny(storage, { writable: true }));
  if (image === null) {
    if (wasSound && !namesUnknown(bytes)) throw new Violation('use', 'a sound image cannot be opened to write');
    return;
  }
  for (let count = 0; count < 12; count++) {
    attempt('guest operation', storage, () => changeSomething(image, random));
    if (count % 4 === 3) attempt('administration', storage, () => administer(image, random));
  }
  attempt('read after use', storage, () => readAt(image, 0, new Uint8Array(Math.min(GUEST_PIECE, image.virtualSize))));
  attempt('close', storage, () => closeImage(image));
  if (!wasSound || image.isMarkedCorrupt) return;
  const report = attempt('check after use', storage, () => drive(storage, checkImage(storage)));
  const lacksFlag = ({ kind, refcount }: Finding) =>
    (kind === 'copied-flag-l1' || kind === 'copied-flag-l2') && refcount === 1;
  const isShared = (finding: Finding) => finding.kind === 'cross-linked' || (wereShared && lacksFlag(finding));
  const isWrong = (finding: Finding) => finding.severity !== 'leak' && !isShared(finding);
  if (report === null || report.aborted !== null || report.findings.some(isWrong)) {
    const wrong = report?.messages.slice(0, 3).join('; ') ?? 'the check fails';
    throw new Violation('use', `a sound image is broken after use: ${wrong}`);
  }
}

/**
 * Where a disk grows over a backing file that is longer, zeros are written: an L2 table after the other, with some accesses
 * for each, in QEMU twice as many. A damaged snapshot may want a million of them; a disk does not grow further than this.
 */
const GROWTH_TABLES_MAX = 16_384;

function administer(image: Image, random: Random): void {
  const snapshot = image.snapshots.length === 0 ? null : random.of(image.snapshots);
  const { clusterSize, l2Entries } = image.geometry;
  const isTooLarge = (snapshot?.diskSize ?? 0) - image.virtualSize > GROWTH_TABLES_MAX * l2Entries * clusterSize;
  switch (random.below(4)) {
    case 0:
      return createSnapshot(image, { name: 'fuzz', dateSeconds: 0, dateNanoseconds: 0 });
    case 1:
      return snapshot === null || isTooLarge ? undefined : applySnapshot(image, snapshot);
    case 2:
      return snapshot === null ? undefined : deleteSnapshot(image, snapshot);
    default:
      return resizeImage(image, image.virtualSize + random.below(5) * 512);
  }
}

/** What a check overlooks and an open does not: that is what the open is asked again for. */
function namesUnknown(bytes: Uint8Array): boolean {
  try {
    const storage = MemoryStorage.from(bytes);
    const head = readHead(storage, { writable: true });
    if (head.encryption === 'luks') openAny(storage, { writable: false });
    return head.hasDataFile || head.encryption === 'aes';
  } catch (error) {
    return isEngineError(error);
  }
}
