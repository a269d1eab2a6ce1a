import { luksCipherOf, type LuksHeader, type LuksKeySlot } from '../format/luks-header.ts';

/** What `qemu-img info` says of a LUKS volume; inside a qcow2 image it also names the format. */
export function luksInfoLines(luks: LuksHeader, { namesFormat }: { namesFormat: boolean }): string[] {
  const { cipher, mode, ivgen, ivgenHash } = luksCipherOf(luks);
  return [
    `ivgen alg: ${ivgen}`,
    `hash alg: ${luks.hash}`,
    `cipher alg: ${cipher}`,
    `uuid: ${luks.uuid}`,
    ...(hasIvgenHash(ivgen, ivgenHash) ? [`ivgen hash alg: ${ivgenHash}`] : []),
    ...(namesFormat ? ['format: luks'] : []),
    `cipher mode: ${mode}`,
    'slots:',
    ...luks.keySlots.flatMap(keySlotLines).map((line) => `    ${line}`),
    `payload offset: ${luks.payloadOffset * 512}`,
    `master key iters: ${luks.masterKeyIterations}`,
  ];
}

/** The same for `--output=json`, its keys in QEMU's order. */
export function luksInfoJson(luks: LuksHeader, { namesFormat }: { namesFormat: boolean }) {
  const { cipher, mode, ivgen, ivgenHash } = luksCipherOf(luks);
  return {
    'ivgen-alg': ivgen,
    'hash-alg': luks.hash,
    'cipher-alg': cipher,
    uuid: luks.uuid,
    ...(hasIvgenHash(ivgen, ivgenHash) && { 'ivgen-hash-alg': ivgenHash }),
    ...(namesFormat && { format: 'luks' }),
    'cipher-mode': mode,
    slots: luks.keySlots.map(keySlotJson),
    'payload-offset': luks.payloadOffset * 512,
    'master-key-iters': luks.masterKeyIterations,
  };
}

/** A header may name a hash that its generator has no use for. */
function hasIvgenHash(ivgen: string, ivgenHash: string | null): boolean {
  return ivgen === 'essiv' && ivgenHash !== null;
}

function keySlotLines({ state, iterations, keyOffset, stripes }: LuksKeySlot, index: number): string[] {
  const isActive = state === 'active';
  return [
    `[${index}]:`,
    `    active: ${isActive}`,
    ...(isActive ? [`    iters: ${iterations}`] : []),
    `    key offset: ${keyOffset}`,
    ...(isActive ? [`    stripes: ${stripes}`] : []),
  ];
}

function keySlotJson({ state, iterations, keyOffset, stripes }: LuksKeySlot) {
  const isActive = state === 'active';
  return {
    active: isActive,
    ...(isActive && { iters: iterations }),
    'key-offset': keyOffset,
    ...(isActive && { stripes }),
  };
}
