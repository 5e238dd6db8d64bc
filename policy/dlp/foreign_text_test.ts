import assert from "node:assert/strict";
import { createScanner, kinds, REQUEST, utf8 } from "../../tests/doubles/dlp.ts";

/** Pages in which accents, references and percent-encoded links stand close together. */
const PAGES: Readonly<Record<string, string>> = {
  French: '<p class="intro">L\u2019\u00e9t\u00e9 dernier, nous avons d\u00e9couvert une vieille ' +
    'biblioth\u00e8que&nbsp;: <a href="https://fr.example.org/wiki/Biblioth%C3%A8que_nationale' +
    '?a=1&amp;b=%C3%A9">la Biblioth\u00e8que</a> &eacute;tait ferm\u00e9e. C&#39;est ' +
    "dommage&#8230; \u00ab\u00a0tant pis\u00a0\u00bb</p>\n",
  Japanese: "<p>\u6771\u4eac\uff08\u3068\u3046\u304d\u3087\u3046\uff09\u306f\u3001\u65e5\u672c" +
    "\u306e\u9996\u90fd\u3067\u3042\u308b\u3002\uff11\uff12\uff13\u533a " +
    '<a href="https://ja.example.org/wiki/%E6%9D%B1%E4%BA%AC%E9%83%BD?x=%E6%9D%B1&amp;y=2">' +
    "\uff34\uff2f\uff2b\uff39\uff2f</a>&nbsp;&#x3042;</p>\n",
};

const ascii = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, (one) => {
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });

const base64 = (text: string): string => btoa(String.fromCharCode(...utf8(text)));

const FORMS: Readonly<Record<string, (page: string) => string>> = {
  "as it is": (page) => page,
  "in JSON": (page) => JSON.stringify(page),
  "in ASCII JSON": (page) => ascii(JSON.stringify(page)),
  "in JSON in JSON": (page) => JSON.stringify(JSON.stringify(page)),
  "in a form": (page) => encodeURIComponent(page),
  "in base64": base64,
};

Deno.test("long pages in other languages are no reason to stop, however they are written", () => {
  const scanner = createScanner();
  for (const [language, page] of Object.entries(PAGES)) {
    for (const [form, write] of Object.entries(FORMS)) {
      const text = write(page);
      const bytes = utf8(text.repeat(Math.ceil(200_000 / text.length)));
      const found = scanner.scan(bytes, REQUEST);
      assert.deepEqual(kinds(found), [], `${language} ${form}: ${found[0]?.writtenAs}`);
    }
  }
});
