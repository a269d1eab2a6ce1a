// Positions are plain numbers at run time, and different types while compiling: an unmarked number fits any of them,
// but a host offset never passes for a guest offset.

/** Byte position in the image file. */
export type HostOffset = number & { readonly position?: 'host offset' };
/** Byte position in the virtual disk. */
export type GuestOffset = number & { readonly position?: 'guest offset' };
/** Index of a cluster in the image file: host offset / cluster size. */
export type HostCluster = number & { readonly position?: 'host cluster' };
/** Index of a cluster in the virtual disk: guest offset / cluster size. */
export type GuestCluster = number & { readonly position?: 'guest cluster' };
