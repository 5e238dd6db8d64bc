/** Value of a hexadecimal digit by its byte; 255 for every other byte. */
export const HEX: Uint8Array = table((byte) => {
  const text = String.fromCharCode(byte);
  return /[0-9a-fA-F]/.test(text) ? parseInt(text, 16) : 255;
});

/** 1 for letters and digits of ASCII. */
export const ALPHANUMERIC: Uint8Array = table((byte) => +/[0-9A-Za-z]/.test(toText(byte)));

/** 1 for what a token or an escape may contain besides: an escape of these is worth undoing. */
export const TELLING: Uint8Array = table((byte) =>
  +/[0-9A-Za-z_\-./+=:~%\\&#;@]/.test(toText(byte))
);

function toText(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : "";
}

function table(of: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => of(byte));
}
