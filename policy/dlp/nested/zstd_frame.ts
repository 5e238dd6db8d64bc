/** Bytes of the dictionary's id and of the content's size, by their two flag bits. */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SIZE_BYTES = [0, 2, 4, 8];
const MAGIC_BYTES = 4;
const BLOCK_HEAD = 3;
/** A block that repeats one byte. */
const RUN_LENGTH = 1;

/**
 * Does the Zstandard frame that bytes begin with end within them? Reads its structure alone (RFC
 * 8878, section 3.1.1).
 */
export function holdsZstdFrame(bytes: Uint8Array): boolean {
  const descriptor = bytes[MAGIC_BYTES] ?? 0;
  const isSingle = (descriptor & 32) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isSingle ? 1 : SIZE_BYTES[sizeFlag] ?? 0;
  let at = MAGIC_BYTES + 1 + (isSingle ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) +
    sizeBytes;
  for (let isLast = false; !isLast;) {
    if (at + BLOCK_HEAD > bytes.length) return false;
    const head = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    isLast = (head & 1) === 1;
    at += BLOCK_HEAD + ((head >> 1 & 3) === RUN_LENGTH ? 1 : head >> 3);
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4) <= bytes.length;
}
