import { EngineError } from '../errors.ts';
import {
  decodeLuksHeader,
  LUKS_HEADER_SIZE,
  LUKS_MAGIC,
  LUKS_MAGIC_END,
  unterminatedText,
  type LuksHeader,
} from '../format/luks-header.ts';
import { LUKS_STRIPES, slotRoom, SLOTS_AT } from './layout.ts';

const UNTERMINATED = {
  cipherName: 'LUKS header cipher name is not NUL terminated',
  cipherMode: 'LUKS header cipher mode is not NUL terminated',
  hash: 'LUKS header hash spec is not NUL terminated',
  uuid: '',
};

/**
 * Reads and validates a LUKS header: QEMU's order, QEMU's texts, the first failure wins.
 * @param read reads bytes, counting from the start of the header
 * @throws EngineError invalid-image
 */
export function readLuksHeader(read: (at: number, into: Uint8Array) => void): LuksHeader {
  const bytes = new Uint8Array(LUKS_HEADER_SIZE);
  read(0, bytes);
  const header = decodeLuksHeader(bytes);
  if (header.magic !== LUKS_MAGIC || header.magicEnd !== LUKS_MAGIC_END) throw invalid('Volume is not in LUKS format');
  if (header.version !== 1) throw invalid(`LUKS version ${header.version} is not supported`);
  const text = unterminatedText(bytes);
  if (text !== null) throw invalid(UNTERMINATED[text]);
  if (payloadOffsetOf(header) < SLOTS_AT) throw invalid('LUKS payload is overlapping with the header');
  if (header.masterKeyIterations === 0) throw invalid('LUKS key iteration count is zero');
  for (let index = 0; index < header.keySlots.length; index++) judgeSlot(header, index);
  return header;
}

/** Bytes before the payload: in a qcow2 image, of the whole area. */
export function payloadOffsetOf(header: LuksHeader): number {
  return header.payloadOffset * 512;
}

function judgeSlot(header: LuksHeader, index: number): void {
  const { state, iterations, keyOffset, stripes } = header.keySlots[index]!;
  const end = keyOffset + slotRoom(header.keyBytes, stripes);
  if (stripes !== LUKS_STRIPES) {
    throw invalid(`Keyslot ${index} is corrupted (stripes ${stripes} != ${LUKS_STRIPES})`);
  }
  if (keyOffset < SLOTS_AT) throw invalid(`Keyslot ${index} is overlapping with the LUKS header`);
  if (state === 'invalid') throw invalid(`Keyslot ${index} state (active/disable) is corrupted`);
  if (state === 'active' && iterations === 0) throw invalid(`Keyslot ${index} iteration count is zero`);
  if (end > payloadOffsetOf(header)) throw invalid(`Keyslot ${index} is overlapping with the encrypted payload`);
  header.keySlots.slice(index + 1).forEach((other, distance) => {
    const otherEnd = other.keyOffset + slotRoom(header.keyBytes, other.stripes);
    if (end > other.keyOffset && otherEnd > keyOffset) {
      throw invalid(`Keyslots ${index} and ${index + 1 + distance} are overlapping in the header`);
    }
  });
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-image', message);
}
