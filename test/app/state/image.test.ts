import { describe, expect, it, vi } from 'vitest';
import type { CheckOutcome, ClusterMap, ImageOverview, RepairPreview, RepairResult } from '#protocol';
import { Activities } from '../../../src/app/state/activities.svelte.ts';
import { ImageState } from '../../../src/app/state/image.svelte.ts';
import type { Workbench } from '../../../src/app/state/workbench.svelte.ts';

const outcome = (sentence: string) =>
  ({ verdict: { level: 'sound', sentence, detail: '' } }) as unknown as CheckOutcome;
const map = { clusterSize: 512, clusterCount: 0, use: new Uint8Array(), health: new Uint8Array() } as ClusterMap;
const plan = { planId: 'p1', mode: 'all', steps: [{}, {}, {}], refused: null } as unknown as RepairPreview;
const result: RepairResult = { before: outcome('bad'), after: outcome('good'), mapBefore: map, mapAfter: map };

/** A workbench whose engine answers from a table; what the answers hold is not looked into. */
function imageWith(answers: Record<string, unknown>) {
  const call = vi.fn(async (method: string, _input: unknown, _options?: unknown) => {
    const answer = method in answers ? answers[method] : { name: 'a.qcow2' };
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const workbench = {
    engine: { client: { call } },
    activities: new Activities(),
    library: { refresh: vi.fn(), entry: () => null, noteUse: vi.fn() },
    otherTabs: { tell: vi.fn() },
  } as unknown as Workbench; // the parts that an image's state uses
  return { image: new ImageState('opfs:a.qcow2', workbench), call, workbench };
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

describe('ImageState', () => {
  it('is named by its id until the overview has come', async () => {
    const { image } = imageWith({ 'image.overview': { name: 'renamed.qcow2' } as ImageOverview });
    expect(image.name).toBe('a.qcow2');
    await image.loadOverview();
    expect(image.name).toBe('renamed.qcow2');
  });

  it('keeps the error of what failed, and forgets it at the next try', async () => {
    const answers: Record<string, unknown> = { 'image.check': new Error('broken') };
    const { image } = imageWith(answers);
    await image.runCheck();
    expect(image.error).toMatchObject({ message: 'broken' });
    answers['image.check'] = outcome('good');
    await image.runCheck();
    expect(image.error).toBeNull();
    expect(image.check?.verdict.sentence).toBe('good');
  });

  it('keeps why the guest’s disk has no map apart: the image itself is looked at all the same', async () => {
    const { image } = imageWith({ 'image.guestMap': new Error('no backing file'), 'image.check': outcome('good') });
    await image.loadGuestMap();
    expect(image.guestMapError).toMatchObject({ message: 'no backing file' });
    expect(image.error).toBeNull();
    await image.runCheck();
    expect(image.guestMapError).not.toBeNull();
  });

  it('asks for the guest’s map again after a change, although there was none', async () => {
    const answers: Record<string, unknown> = { 'image.guestMap': new Error('no backing file') };
    const { image } = imageWith(answers);
    await image.loadGuestMap();
    answers['image.guestMap'] = { use: new Uint8Array(), virtualSize: 0 };
    image.reload();
    await vi.waitFor(() => expect(image.guestMap).not.toBeNull());
    expect(image.guestMapError).toBeNull();
  });

  it('checks again after a change what could not be checked before', async () => {
    const answers: Record<string, unknown> = { 'image.check': new Error('no image') };
    const { image } = imageWith(answers);
    await image.runCheck();
    answers['image.check'] = outcome('good');
    image.reload();
    await vi.waitFor(() => expect(image.check?.verdict.sentence).toBe('good'));
    expect(image.error).toBeNull();
  });

  it('checks what cannot be opened as soon as it can, and not before', async () => {
    const answers: Record<string, unknown> = {
      'image.overview': Object.assign(new Error('too small'), { code: 'invalid-image' }),
      'image.refusal': { name: 'a.qcow2', unsavedChanges: 0 },
      'image.check': outcome('good'),
    };
    const { image, call, workbench } = imageWith(answers);
    await image.look();
    image.reload();
    await image.loadOverview();
    expect(call.mock.calls.map(([method]) => method)).not.toContain('image.check');
    expect(workbench.activities.list).toEqual([]);
    answers['image.overview'] = { name: 'a.qcow2' };
    image.reload();
    await vi.waitFor(() => expect(image.check?.verdict.sentence).toBe('good'));
  });

  it('asks again where the bytes changed before the answer came', async () => {
    const { image, call } = imageWith({});
    const first = { check: deferred<CheckOutcome>(), overview: deferred<{ name: string }>() };
    call.mockImplementation((method) => (method === 'image.check' ? first.check.promise : first.overview.promise));
    const shown = Promise.all([image.runCheck(), image.loadOverview()]);
    call.mockImplementation(async (method) => (method === 'image.check' ? outcome('new') : { name: 'new' }));
    image.reload();
    first.check.resolve(outcome('old'));
    first.overview.resolve({ name: 'old' });
    await shown;
    expect(image.check?.verdict.sentence).toBe('new');
    expect(image.name).toBe('new');
    expect(image.busy).toEqual({});
  });

  it('does not begin a cancelled check anew when the bytes change', async () => {
    const { image, call } = imageWith({ 'image.check': Object.assign(new Error('x'), { code: 'cancelled' }) });
    await image.runCheck();
    image.reload();
    await image.loadOverview();
    expect(call.mock.calls.filter(([method]) => method === 'image.check')).toHaveLength(1);
  });

  it('knows nothing any more of an image that is gone', async () => {
    const answers: Record<string, unknown> = {};
    const { image } = imageWith(answers);
    await image.loadOverview();
    answers['image.overview'] = Object.assign(new Error('gone'), { code: 'not-found' });
    await image.loadOverview();
    expect(image.overview).toBeNull();
    expect(image.error).toMatchObject({ code: 'not-found' });
  });

  it('shows why a file cannot be opened, and forgets it once it can', async () => {
    const answers: Record<string, unknown> = {
      'image.overview': Object.assign(new Error('Active L1 table offset invalid'), { code: 'invalid-image' }),
      'image.refusal': { name: 'a.qcow2', unsavedChanges: 2 },
    };
    const { image } = imageWith(answers);
    await image.loadOverview();
    expect(image.overview).toBeNull();
    expect(image.refusal).toBe(answers['image.refusal']);
    expect(image.unsavedChanges).toBe(2);
    answers['image.overview'] = { name: 'a.qcow2', unsavedChanges: 0 };
    await image.loadOverview();
    expect(image.refusal).toBeNull();
    expect(image.unsavedChanges).toBe(0);
  });

  it('shows the file as it is now, although it cannot be opened without the changes that were discarded', async () => {
    const { image } = imageWith({
      'image.discardChanges': Object.assign(new Error('too small'), { code: 'invalid-image' }),
      'image.overview': Object.assign(new Error('too small'), { code: 'invalid-image' }),
      'image.refusal': { name: 'a.qcow2', unsavedChanges: 0 },
    });
    const { revision } = image;
    await image.discardChanges();
    expect(image.refusal).not.toBeNull();
    expect(image.revision).toBe(revision + 1);
  });

  it('takes no cancellation for an error', async () => {
    const { image, workbench } = imageWith({ 'image.check': Object.assign(new Error('x'), { code: 'cancelled' }) });
    await image.runCheck();
    expect(image.error).toBeNull();
    expect(workbench.activities.list).toHaveLength(1);
  });

  it('asks for a part only once at a time', async () => {
    const { image, call } = imageWith({ 'image.map': map });
    await Promise.all([image.loadMap(), image.loadMap()]);
    expect(call).toHaveBeenCalledTimes(1);
    expect(image.busy).toEqual({});
  });

  it('applies a repair step by step, keeping the plan until the last step', async () => {
    const { image, call } = imageWith({ 'image.planRepair': plan, 'image.applyRepair': result });
    await image.planRepair('all');
    await image.applyRepair(1);
    expect(image.plan).toBe(plan);
    expect(image.appliedSteps).toBe(1);
    expect(image.check?.verdict.sentence).toBe('good');
    await image.applyRepair(3);
    expect(image.plan).toBeNull();
    expect(image.repair?.planId).toBe('p1');
    const applied = call.mock.calls.filter(([method]) => method === 'image.applyRepair').map(([, input]) => input);
    expect(applied).toEqual([
      { planId: 'p1', stepCount: 1 },
      { planId: 'p1', stepCount: 3 },
    ]);
  });

  it('undoes the repair and shows bytes anew', async () => {
    const { image, workbench } = imageWith({
      'image.planRepair': plan,
      'image.applyRepair': result,
      'image.undoRepair': outcome('bad again'),
    });
    await image.planRepair('all');
    await image.applyRepair(null);
    const revision = image.revision;
    await image.undoRepair();
    expect(image.check?.verdict.sentence).toBe('bad again');
    expect(image.repair).toBeNull();
    expect(image.revision).toBe(revision + 1);
    expect(workbench.otherTabs.tell).toHaveBeenLastCalledWith(['opfs:a.qcow2']);
  });
});
