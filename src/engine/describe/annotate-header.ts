import { alignUp } from '../bytes/align.ts';
import { decodeFeatureNames, FEATURE_NAME_RECORD_SIZE } from '../format/feature-name-table.ts';
import { HEADER, HEADER_V3_LENGTH } from '../format/header.ts';
import {
  BITMAPS_EXTENSION,
  EXTENSION_BACKING_FORMAT,
  EXTENSION_BITMAPS,
  EXTENSION_DATA_FILE,
  EXTENSION_FEATURE_NAMES,
  EXTENSION_HEADER,
  EXTENSION_LUKS,
  extensionName,
  LUKS_EXTENSION,
  type HeaderExtension,
} from '../format/header-extensions.ts';
import { decodeName } from '../format/name.ts';
import type { Storage } from '../storage/storage.ts';
import type { AnnotationSink } from './annotation-sink.ts';
import { hex, hexBytes } from './field-text.ts';
import { headerLengthOf, type Outline } from './outline.ts';

const UNKNOWN_BYTES_SHOWN = 16;

/** Labels header fields, extensions and the backing file name. */
export function annotateHeaderCluster(sink: AnnotationSink, storage: Storage, outline: Outline): void {
  const { clusterSize } = outline.geometry;
  if (!sink.wants(0, clusterSize)) return;
  annotateHeaderFields(sink, storage, outline);
  for (const extension of outline.extensions.extensions) annotateExtension(sink, extension);
  const { overrun, endMarkerAt } = outline.extensions;
  if (overrun !== null) {
    sink.add(overrun.at, EXTENSION_HEADER.size, {
      label: 'extension',
      value: `${extensionLabel(overrun.magic)}, ${overrun.length} bytes`,
      meaning: 'claims more bytes than the header cluster has; nothing after it can be read',
    });
  }
  if (endMarkerAt !== null) {
    sink.add(endMarkerAt, EXTENSION_HEADER.size, {
      label: 'end of extensions',
      value: hex(0),
      meaning: 'no header extension follows',
    });
  }
  if (outline.backingName !== null) {
    const { at, length } = outline.backingName;
    const name = new Uint8Array(length);
    storage.read(at, name);
    sink.add(at, length, {
      label: 'backingFile',
      value: decodeName(name),
      meaning: 'name of the backing file; what this image does not have is read from there',
    });
  }
}

function annotateHeaderFields(sink: AnnotationSink, storage: Storage, { header, geometry }: Outline): void {
  const headerLength = headerLengthOf(header, geometry.clusterSize);
  const bytes = new Uint8Array(HEADER_V3_LENGTH);
  storage.read(0, bytes);
  sink.addStruct(HEADER, bytes, 0, { end: headerLength });
  const known = Math.min(headerLength, HEADER_V3_LENGTH);
  sink.add(HEADER.size, known - HEADER.size, {
    label: 'padding',
    value: hexBytes(bytes.subarray(HEADER.size, known)),
    meaning: 'zeros up to the end of the header',
  });
  sink.add(HEADER_V3_LENGTH, headerLength - HEADER_V3_LENGTH, {
    label: 'unknown fields',
    value: `${headerLength - HEADER_V3_LENGTH} bytes`,
    meaning: 'header fields of a later format; kept as they are',
  });
}

function annotateExtension(sink: AnnotationSink, extension: HeaderExtension): void {
  const { magic, at, data } = extension;
  const end = at + EXTENSION_HEADER.size + alignUp(data.length, 8);
  if (!sink.wants(at, end - at)) return;
  sink.add(at, 4, { label: 'extension', value: extensionLabel(magic), meaning: 'kind of the header extension' });
  sink.add(at + 4, 4, {
    label: 'extension length',
    value: `${data.length} bytes`,
    meaning: EXTENSION_HEADER.fields.length.meaning,
  });
  const dataAt = at + EXTENSION_HEADER.size;
  annotateExtensionData(sink, extension, dataAt);
  sink.add(dataAt + data.length, end - dataAt - data.length, {
    label: 'padding',
    value: 'zeros',
    meaning: 'fills up to a multiple of 8',
  });
}

function annotateExtensionData(sink: AnnotationSink, { magic, data }: HeaderExtension, at: number): void {
  switch (magic) {
    case EXTENSION_BACKING_FORMAT:
      return sink.add(at, data.length, {
        label: 'backingFormat',
        value: decodeName(data),
        meaning: 'format of the backing file, so that it is not guessed from its content',
      });
    case EXTENSION_DATA_FILE:
      return sink.add(at, data.length, {
        label: 'dataFile',
        value: decodeName(data),
        meaning: 'name of the file that holds the guest data',
      });
    case EXTENSION_FEATURE_NAMES:
      return annotateFeatureNames(sink, data, at);
    case EXTENSION_BITMAPS:
      return sink.addStruct(BITMAPS_EXTENSION, data, at, { prefix: 'bitmaps ', end: data.length });
    case EXTENSION_LUKS:
      return sink.addStruct(LUKS_EXTENSION, data, at, { prefix: 'LUKS header ', end: data.length });
    default:
      return sink.add(at, data.length, {
        label: 'extension data',
        value: shortBytes(data),
        meaning: 'unknown to this program; kept at every rewrite of the header',
      });
  }
}

function annotateFeatureNames(sink: AnnotationSink, data: Uint8Array, at: number): void {
  decodeFeatureNames(data).forEach(({ kind, bit, name }, index) => {
    const start = index * FEATURE_NAME_RECORD_SIZE;
    sink.add(at + start, Math.min(FEATURE_NAME_RECORD_SIZE, data.length - start), {
      label: `${kind ?? 'unknown kind'} bit ${bit}`,
      value: name,
      meaning: 'name of a feature bit, for programs that do not know it; says nothing about its being set',
    });
  });
}

export function extensionLabel(magic: number): string {
  return extensionName(magic) ?? `unknown extension ${hex(magic)}`;
}

export function shortBytes(data: Uint8Array): string {
  const shown = hexBytes(data.subarray(0, UNKNOWN_BYTES_SHOWN));
  return data.length > UNKNOWN_BYTES_SHOWN ? `${shown} …` : shown;
}
