// The engine's door: everything that other layers may use.
export * from './errors.ts';
export * from './progress.ts';

export * from './bytes/align.ts';
export * from './bytes/big-endian.ts';
export * from './bytes/transfer-memory.ts';
export { fieldSize } from './bytes/struct.ts';

export * from './format/addresses.ts';
export * from './format/features.ts';
export * from './format/geometry.ts';
export * from './format/header.ts';
export * from './format/l1-entry.ts';
export * from './format/l2-entry.ts';
export * from './format/refcount-block.ts';
export * from './format/name.ts';
export * from './format/feature-name-table.ts';
export * from './format/header-extensions.ts';
export * from './format/snapshot-table.ts';
export * from './format/bitmap-directory.ts';
export * from './format/luks-header.ts';

export * from './storage/storage.ts';
export * from './storage/debug-event.ts';
export * from './storage/suspension.ts';
export * from './storage/memory.ts';
export * from './storage/read-cache.ts';
export * from './storage/overlay.ts';
export { OVERLAY_BLOCK_SIZE, type ChangedRange, type OverlayPiece } from './storage/overlay-index.ts';
export type { BaseVersion } from './storage/overlay-journal.ts';

export * from './image/cache-mode.ts';
export * from './image/create-options.ts';
export * from './image/reserve-space.ts';
export { createImage } from './image/create.ts';
export { judgeCreateOptions } from './image/create-validation.ts';
export * from './image/guest-source.ts';
export * from './image/open.ts';
export { Image } from './image/image.ts';
export { OVERLAP_TEMPLATES, type MetadataName } from './image/metadata-guard.ts';
export { readAt } from './image/read.ts';
export { writeAt } from './image/write.ts';
export { readAllButCompressed } from './image/read-streams.ts';
export { writeCompressed } from './image/write-compressed.ts';
export * from './image/write-zeroes.ts';
export { discard } from './image/discard.ts';
export { closeImage, flushImage, UnwrittenTables, type UnwrittenCache } from './image/flush.ts';
export { extentAt, type Extent } from './image/extents.ts';
export { unitOfHoles } from './image/metadata-preallocation.ts';
export * from './image/guest-source-adapters.ts';
export * from './image/head.ts';
export * from './image/image-cipher.ts';
export * from './image/head-extensions.ts';
export * from './image/head-refusal.ts';
export * from './image/head-validation.ts';
export * from './image/header-cluster.ts';
export { writeHeader } from './image/rewrite-header.ts';

export {
  addBitmap,
  clearBitmap,
  judgeNewBitmap,
  mergeBitmap,
  removeBitmap,
  setBitmapEnabled,
  type NewBitmap,
} from './bitmaps/edit-bitmaps.ts';
export type { PersistentBitmap, SessionBitmaps } from './bitmaps/session-bitmaps.ts';

export * from './check/report.ts';
export { checkImage } from './check/check.ts';
export type { CheckOptions } from './check/run-check.ts';
export * from './repair/step.ts';
export { planRepair, type PlanOptions } from './repair/plan-repair.ts';
export { applyRepair, undoRepair, type ApplyOptions } from './repair/apply-repair.ts';
export { RepairFailure } from './repair/repair-failure.ts';
export { repairImage, type RepairResult } from './repair/repair-image.ts';
export * from './describe/use.ts';
export * from './describe/explain.ts';
export * from './describe/cluster-map.ts';
export * from './describe/cluster-detail.ts';
export * from './describe/check-text.ts';
export * from './describe/repair-failure-text.ts';
export * from './describe/fixed-text.ts';
export { annotate } from './describe/annotate.ts';
export { readOutline } from './describe/outline.ts';
export * from './describe/rows.ts';
export { structureChildren } from './describe/structure.ts';
export { infoText, type InfoNames } from './describe/info-text.ts';
export * from './describe/luks-info.ts';
export { infoJson } from './describe/info-json.ts';
export * from './describe/size-text.ts';
export * from './describe/snapshot-list.ts';

export * from './crypto/deriving.ts';
export { HASH_NAMES, isHashName, type HashName } from './crypto/hashes.ts';
export { aesMode, CIPHER_MODES, type CipherModeName } from './crypto/cipher-modes.ts';
export { CRYPT_SECTOR_SIZE, type SectorCipher } from './crypto/sector-cipher.ts';
export * from './luks/cipher-spec.ts';
export * from './luks/create.ts';
export * from './luks/key-slots.ts';
export { payloadOffsetOf } from './luks/read-header.ts';
export * from './luks/volume.ts';

export type { Compression } from './codec/cluster-codec.ts';
export { runCodecJob, type CodecItem, type CodecJob, type CodecResult } from './codec/codec-job.ts';
export { deflateRaw } from './codec/deflate.ts';
export { inflateRaw } from './codec/inflate.ts';
export { zstdCompress, zstdDecompress } from './codec/zstd.ts';

export { amendImage, type AmendOptions } from './operations/amend-image.ts';
export * from './operations/snapshots.ts';
export { resizeImage } from './operations/resize.ts';
export { applySlotSteps } from './operations/amend-key-slots.ts';
export { makeEmpty } from './operations/make-empty.ts';
export * from './operations/vm-state.ts';
export * from './operations/measure.ts';
export { rewriteBackingFile, type BackingFile } from './operations/backing-file.ts';
