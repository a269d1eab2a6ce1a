import {
  HEADER,
  decodeHeader,
  geometryOf,
  getU64,
  offsetOf,
  viewOf,
  type Geometry,
  type Header,
  type HostOffset,
  type Storage,
} from '#engine';
import type { Region } from './structures.ts';
import { useOf } from './structures.ts';
import type { Trace, TraceEvent } from './trace.ts';

interface Link {
  /** The event that made the link; -1: it stood there before. */
  readonly seq: number;
  readonly index: number;
}

/**
 * Which L2 table or refcount block a host cluster is, at any moment of a trace. A new table is written before its
 * pointer, so the nearest later link counts where there is no earlier one.
 */
export class TableIndex {
  readonly geometry: Geometry;
  readonly #l2 = new Map<HostOffset, Link[]>();
  readonly #blocks = new Map<HostOffset, Link[]>();
  readonly #headers: { readonly seq: number; readonly header: Header }[];

  constructor(trace: Trace) {
    const header = readHeader(trace.base);
    this.geometry = geometryOf(header);
    this.#headers = [{ seq: -1, header }];
    this.#noteTable(this.#l2, -1, 0, readRange(trace.base, header.l1TableOffset, header.l1Size * 8));
    const reftableLength = header.refcountTableClusters * this.geometry.clusterSize;
    this.#noteTable(this.#blocks, -1, 0, readRange(trace.base, header.refcountTableOffset, reftableLength));
    trace.events.forEach((event, seq) => this.#note(event, seq));
  }

  regionOf(event: TraceEvent & { kind: 'write' }, seq: number): Region {
    return this.regionAt(useOf(event.purpose), event.at, event.after.length, seq);
  }

  /** The region [at, at + length) of a structure as it is at event `seq`. */
  regionAt(use: Region['use'], at: HostOffset, length: number, seq: number): Region {
    const { clusterSize } = this.geometry;
    const header = this.#headerAt(seq);
    const region = { use, at, length, tableIndex: null, isNew: false };
    const cluster = at - (at % clusterSize);
    switch (use) {
      case 'l1':
        return { ...region, ...tableAt(at, header.l1TableOffset, header.l1Size * 8) };
      case 'refcount-table':
        return { ...region, ...tableAt(at, header.refcountTableOffset, header.refcountTableClusters * clusterSize) };
      case 'l2':
        return { ...region, tableAt: cluster, ...linkAt(this.#l2.get(cluster), seq) };
      case 'refcount-block':
        return { ...region, tableAt: cluster, ...linkAt(this.#blocks.get(cluster), seq) };
      default:
        return { ...region, tableAt: cluster };
    }
  }

  #note(event: TraceEvent, seq: number): void {
    if (event.kind !== 'write') return;
    const use = useOf(event.purpose);
    if (use === 'header') {
      const bytes = headerBytes(this.#headerAt(seq));
      const length = Math.max(0, Math.min(event.after.length, bytes.length - event.at));
      bytes.set(event.after.subarray(0, length), event.at);
      this.#headers.push({ seq, header: decodeHeader(bytes) });
    } else if (use === 'l1' || use === 'refcount-table') {
      const { tableAt } = this.regionOf(event, seq);
      this.#noteTable(use === 'l1' ? this.#l2 : this.#blocks, seq, (event.at - tableAt) / 8, event.after);
    }
  }

  #noteTable(links: Map<HostOffset, Link[]>, seq: number, firstIndex: number, entries: Uint8Array): void {
    const view = viewOf(entries);
    for (let entry = 0; entry + 8 <= entries.length; entry += 8) {
      if (getU64(view, entry) === 0) continue;
      const offset = offsetOf(view.getUint32(entry), view.getUint32(entry + 4));
      const link = { seq, index: firstIndex + entry / 8 };
      const known = links.get(offset);
      if (known === undefined) links.set(offset, [link]);
      else known.push(link);
    }
  }

  #headerAt(seq: number): Header {
    return this.#headers.findLast((known) => known.seq < seq)?.header ?? this.#headers[0]!.header;
  }
}

function headerBytes(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER.size);
  HEADER.encode(header, bytes);
  return bytes;
}

function readHeader(storage: Storage): Header {
  return decodeHeader(readRange(storage, 0, 512));
}

function readRange(storage: Storage, at: HostOffset, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  storage.read(at, bytes);
  return bytes;
}

/** The known start of a table that contains `at`, else `at` itself: a new table is written from its start. */
function tableAt(at: HostOffset, start: HostOffset, lengthBytes: number): Pick<Region, 'tableAt' | 'isNew'> {
  const isKnown = at >= start && at < start + lengthBytes;
  return { tableAt: isKnown ? start : at, isNew: !isKnown };
}

function linkAt(links: readonly Link[] | undefined, seq: number): Pick<Region, 'tableIndex' | 'isNew'> {
  const earlier = links?.findLast((link) => link.seq < seq);
  return { tableIndex: (earlier ?? links?.[0])?.index ?? null, isNew: earlier === undefined };
}
