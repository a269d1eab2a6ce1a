/**
 * Seeds of images that together are damaged in every way that the fuzzer knows, at every structure and field; found among
 * the first 8000. Every test run asks QEMU about them.
 */
export const TOUR: readonly number[] = [
  ...[29, 41, 61, 77, 89, 96, 117, 128, 162, 203, 270, 286, 297, 299, 306, 324, 369, 388, 406, 419, 428, 476, 549, 559],
  ...[566, 634, 653, 702, 725, 775, 778, 846, 867, 897, 910, 925, 1135, 1321, 1348, 1367, 1409, 1494, 1584, 1634, 1642],
  ...[1646, 1780, 2442, 2453, 2477, 2594, 2609, 2692, 2724, 3040, 3884, 4509, 4745, 5481, 5620, 5686, 6086, 6738, 6860],
  ...[7172, 7220],
];

/** Seeds of images that long runs reported, and that no other seed of these lists is like. */
export const ONCE_REPORTED: readonly number[] = [
  27077, 27105, 42010, 42959, 43400, 44794, 46983, 47099, 47733, 48858, 54936,
];
