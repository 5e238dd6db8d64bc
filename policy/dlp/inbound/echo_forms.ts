import {
  BASE16,
  BASE32,
  BASE64,
  type Encoded,
  inBits,
  reversed,
  type Source,
  verbatim,
} from "../known/encodings.ts";

/** One way in which a response may contain a secret in one stretch. */
export interface EchoForm {
  /** Bytes as they stand in the response, letters in lower case. */
  readonly text: Uint8Array;
  /** Private bits in front of each byte, and in the whole at the end. */
  readonly bitsBefore: Uint32Array;
}

const BASE64_URL = BASE64.replace("+/", "-_");
/** A shorter form would mask ordinary text. */
const MIN_FORM = 6;

/** A form is found by so many first bytes, which must hence stand in one stretch. */
export const HEAD = 11;

type Render = (char: string) => string;

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** How a writer of JSON, of URLs, of forms or of HTML may write a character that is no letter or digit. */
const ESCAPES: readonly Render[] = [
  (char) => char,
  (char) => (/[-_.~!'()*]/.test(char) ? char : percent(char)),
  (char) => (/[-_.~]/.test(char) ? char : percent(char)),
  (char) => (/[-_.~]/.test(char) ? char : `%25${hex(char)}`),
  percent,
  (char) => JSON.stringify(char).slice(1, -1),
  (char) => (char === "/" ? "\\/" : JSON.stringify(char).slice(1, -1)),
  (char) => (/[-_./ :=]/.test(char) ? char : unicode(char)),
  (char) => (char === "/" ? "\\/" : /[-_. :=]/.test(char) ? char : unicode(char)),
  (char) => (/[-_.]/.test(char) ? char : unicode(char)),
  (char) => HTML[char] ?? char,
  (char) => (/[/=`]/.test(char) ? `&#x${hex(char)};` : HTML[char] ?? char),
];

/** How a writer may write each character. */
const WHOLE_ESCAPES: readonly Render[] = [percent, unicode, (char) => `\\x${hex(char)}`];

/** Every form of a secret that is masked. */
export function echoForms(source: Source): EchoForm[] {
  const plain = verbatim(source);
  const forms = [
    ...escaped(plain),
    ...WHOLE_ESCAPES.map((render) => rendered(plain, render)),
    ...escaped(verbatim(reversed(source))),
    ...[0, 1, 2].flatMap((before) => [
      ...escaped(inBits(source, { width: 6, before, alphabet: BASE64 })),
      ...escaped(inBits(source, { width: 6, before, alphabet: BASE64_URL })),
    ]),
    ...[0, 1, 2, 3, 4].map((before) => inBits(source, { width: 5, before, alphabet: BASE32 })),
    inBits(source, { width: 4, before: 0, alphabet: BASE16 }),
  ];
  const distinct = new Map(forms.map((form) => [form.text.join(), form]));
  return [...distinct.values()].flatMap(withoutHead)
    .filter(({ text }) => text.length >= MIN_FORM)
    .map(toForm);
}

/** A form, and what follows its first bytes: these may be broken by a line end or an escape. */
function withoutHead({ text, bits }: Encoded): Encoded[] {
  const rest = { text: text.subarray(HEAD), bits: bits.subarray(HEAD) };
  return text.length < 2 * HEAD ? [{ text, bits }] : [{ text, bits }, rest];
}

function escaped(encoded: Encoded): Encoded[] {
  return ESCAPES.map((escape) =>
    rendered(encoded, (char) => /[A-Za-z0-9\x80-\xff]/.test(char) ? char : escape(char))
  );
}

/** Each byte as `render` writes it; its bits count from the last of its characters on. */
function rendered({ text, bits }: Encoded, render: Render): Encoded {
  const [characters, carried]: [number[], number[]] = [[], []];
  text.forEach((byte, at) => {
    const written = render(String.fromCharCode(byte));
    for (let n = 0; n < written.length; n++) {
      characters.push(written.charCodeAt(n));
      carried.push(n === written.length - 1 ? (bits[at] as number) : 0);
    }
  });
  return { text: Uint8Array.from(characters), bits: Uint8Array.from(carried) };
}

function toForm({ text, bits }: Encoded): EchoForm {
  const bitsBefore = new Uint32Array(text.length + 1);
  bits.forEach((count, at) => (bitsBefore[at + 1] = (bitsBefore[at] as number) + count));
  return { text: text.map(foldCase), bitsBefore };
}

/** A letter in lower case, any other byte as it is. */
export function foldCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}

function percent(char: string): string {
  return `%${hex(char)}`;
}

function unicode(char: string): string {
  return `\\u00${hex(char)}`;
}
