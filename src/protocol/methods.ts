import type {
  Annotation,
  ChangedRange,
  CheckOutcome,
  ClusterDetail,
  ClusterMap,
  GuestExtent,
  ImageOverview,
  ImageProgress,
  ImageRefusal,
  RepairMode,
  RepairPreview,
  RepairResult,
  StructureNode,
} from './image.ts';
import type { CreateRequest, ImageId, LibraryEntry, SampleName } from './library.ts';

/** One remote procedure: what goes in, what comes out, and what is reported on the way. */
export interface Method<Input, Output, Progress = never> {
  input: Input;
  output: Output;
  progress: Progress;
}

/** Everything the page asks of the worker about images. `id` always names an entry of the library. */
export interface ImageMethods {
  /** The latest used first. Where there are many, all of them come unread at first, then part by part as headers are read. */
  'library.list': Method<void, readonly LibraryEntry[], readonly LibraryEntry[]>;
  'library.create': Method<CreateRequest, LibraryEntry>;
  'library.createSample': Method<{ sample: SampleName }, LibraryEntry>;
  'library.addLocal': Method<{ handle: FileSystemFileHandle | null; file: File }, LibraryEntry>;
  /** Copies a local file into the browser's storage, to work on it in place. */
  'library.import': Method<{ file: File; name: string }, LibraryEntry, ImageProgress>;
  'library.rename': Method<{ id: ImageId; name: string }, LibraryEntry>;
  'library.duplicate': Method<{ id: ImageId; name: string }, LibraryEntry, ImageProgress>;
  /** Moves to the trash (browser) or forgets the handle (local file); `library.undoDelete` brings it back. */
  'library.delete': Method<{ id: ImageId }, { undoToken: string }>;
  'library.undoDelete': Method<{ undoToken: string }, LibraryEntry>;
  'library.download': Method<{ id: ImageId }, File>;

  'image.overview': Method<{ id: ImageId }, ImageOverview>;
  /** Why `image.overview` fails because of what the file holds; null where the image can be opened. */
  'image.refusal': Method<{ id: ImageId }, ImageRefusal | null>;
  'image.map': Method<{ id: ImageId }, ClusterMap, ImageProgress>;
  /** What each guest range is, in `buckets` equal parts: an index into GUEST_USES, the most allocated wins. */
  'image.guestMap': Method<{ id: ImageId; buckets: number }, { use: Uint8Array; virtualSize: number }, ImageProgress>;
  'image.cluster': Method<{ id: ImageId; index: number }, ClusterDetail, ImageProgress>;
  'image.bytes': Method<{ id: ImageId; at: number; length: number }, { bytes: Uint8Array; annotations: Annotation[] }>;
  'image.guestBytes': Method<
    { id: ImageId; at: number; length: number },
    { bytes: Uint8Array; extents: GuestExtent[] }
  >;
  /** Host offset of a guest offset, or null where nothing is allocated. */
  'image.translate': Method<{ id: ImageId; guestOffset: number }, { hostOffset: number | null; kind: string }>;
  'image.structure': Method<{ id: ImageId; path: string; from: number; count: number }, readonly StructureNode[]>;
  'image.check': Method<{ id: ImageId }, CheckOutcome, ImageProgress>;
  'image.planRepair': Method<{ id: ImageId; mode: RepairMode }, RepairPreview, ImageProgress>;
  /** Applies steps up to `stepCount` (all when null). */
  'image.applyRepair': Method<{ planId: string; stepCount: number | null }, RepairResult, ImageProgress>;
  'image.undoRepair': Method<{ planId: string }, CheckOutcome, ImageProgress>;
  /** Writes to the guest disk and closes cleanly; a dirty image is refused until its repair was shown and applied. */
  'image.write': Method<{ id: ImageId; at: number; bytes: Uint8Array }, ImageOverview>;
  /** The changed parts of a local file in order, neighbours joined; none for an image in the browser's storage. */
  'image.changes': Method<{ id: ImageId }, readonly ChangedRange[]>;
  /** Bytes of a local file as they stand on disk, below the changes. */
  'image.originalBytes': Method<{ id: ImageId; at: number; length: number }, { bytes: Uint8Array }>;
  'image.discardChanges': Method<{ id: ImageId }, ImageOverview>;
  /** Applies the overlay of a local file to the file itself, once. */
  'image.save': Method<{ id: ImageId }, ImageOverview, ImageProgress>;
  /** Takes the passphrase of an encrypted image; its key is kept until it is locked or the page is left. */
  'image.unlock': Method<{ id: ImageId; passphrase: string }, ImageOverview, ImageProgress>;
  'image.lock': Method<{ id: ImageId }, ImageOverview>;
  'image.grantDataFile': Method<{ id: ImageId; dataFile: ImageId }, ImageOverview>;
  'image.grantBacking': Method<{ id: ImageId; linkIndex: number; backing: ImageId }, ImageOverview>;
}
