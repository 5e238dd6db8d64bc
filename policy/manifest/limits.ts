/** The largest manifest file that is read, in bytes. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/** The longest frontmatter, in UTF-16 units; the rest of a file is its body. */
export const MAX_FRONTMATTER_LENGTH = 64 * 1024;
