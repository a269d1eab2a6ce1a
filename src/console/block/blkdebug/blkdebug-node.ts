import type { DebugEvent, GuestOffset, Storage } from '#engine';
import { LimitedNode } from '../limited-node.ts';
import type { Limits } from '../limits.ts';
import type { BlockNode, BlockStatus, NodeOrigin, StatusWanted } from '../node.ts';
import { storageOf } from '../node-storage.ts';
import type { BlkdebugRules } from './rules.ts';

export interface BlkdebugParts {
  readonly limits: Limits;
  readonly rules: BlkdebugRules;
}

/** Passes everything on to the node below, unless a rule lets it fail; hears the events of the format above it. */
export class BlkdebugNode extends LimitedNode {
  readonly rules: BlkdebugRules;

  constructor(origin: NodeOrigin, file: BlockNode, { limits, rules }: BlkdebugParts) {
    super(origin, file, { childName: 'image', limits });
    this.rules = rules;
  }

  override get storage(): Storage {
    return storageOf(this);
  }

  get growsOnWrite(): boolean {
    return this.file.growsOnWrite === true;
  }

  onEvent(event: DebugEvent): void {
    this.rules.onEvent(event);
  }

  protected override passRead(at: GuestOffset, into: Uint8Array): void {
    this.rules.check('read', at, into.length);
    super.passRead(at, into);
  }

  protected override passWrite(at: GuestOffset, bytes: Uint8Array): void {
    this.onEvent('pwritev');
    this.rules.check('write', at, bytes.length);
    super.passWrite(at, bytes);
    this.onEvent('pwritev_done');
  }

  protected override passWriteZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    this.onEvent('pwritev_zero');
    this.rules.check('write-zeroes', at, length);
    super.passWriteZeroes(at, length, options);
    this.onEvent('pwritev_done');
  }

  protected override passDiscard(at: GuestOffset, length: number): void {
    this.rules.check('discard', at, length);
    super.passDiscard(at, length);
  }

  override flush(): void {
    this.rules.check('flush', 0, 0);
    super.flush();
  }

  override statusAt(at: GuestOffset, lengthMax: number, wanted?: StatusWanted): BlockStatus {
    this.rules.check('block-status', at, lengthMax);
    return super.statusAt(at, lengthMax, wanted);
  }
}
