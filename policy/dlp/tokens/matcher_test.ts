import assert from "node:assert/strict";
import fc from "fast-check";
import { createTokenMatcher } from "./matcher.ts";
import { TOKEN_PATTERNS } from "./pattern.ts";
import samples from "./samples.json" with { type: "json" };

const matcher = createTokenMatcher();
const encoder = new TextEncoder();

/** Samples are kept in pieces, so that nobody's scanner takes the file for a leak. */
function joined(pieces: string): string {
  return pieces.replaceAll("|", "");
}

function all(kind: "true" | "false"): [id: string, text: string][] {
  return Object.entries(samples).flatMap(([id, lists]) =>
    lists[kind].map((pieces): [string, string] => [id, joined(pieces)])
  );
}

function find(text: string, limit = 100): { id: string; text: string; start: number }[] {
  return matcher.find(encoder.encode(text), limit).map(({ id, start, end }) => ({
    id,
    start,
    text: text.slice(start, end),
  }));
}

function sample(id: keyof typeof samples): string {
  return joined(samples[id].true[0] ?? "");
}

Deno.test("every pattern has samples that it finds and samples that it leaves alone", () => {
  assert.deepEqual(
    Object.keys(samples).sort(),
    [...new Set(TOKEN_PATTERNS.map(({ id }) => id))].sort(),
  );
  for (const [id, lists] of Object.entries(samples)) {
    assert.ok(lists.true.length > 0 && lists.false.length > 0, id);
  }
});

Deno.test("every true sample is found", () => {
  for (const [id, text] of all("true")) {
    assert.ok(find(text).some((match) => match.id === id), `${id}: ${text}`);
  }
});

Deno.test("no false sample is taken for a token of its kind", () => {
  for (const [id, text] of all("false")) {
    assert.deepEqual(find(text).filter((match) => match.id === id), [], text);
  }
});

Deno.test("what is found is what the pattern describes", () => {
  const regexes = Map.groupBy(TOKEN_PATTERNS, ({ id }) => id);
  for (const [, text] of all("true")) {
    for (const match of find(text)) {
      const found = regexes.get(match.id)?.some(({ regex }) => new RegExp(regex).test(text));
      assert.ok(found, `${match.id}: ${text}`);
    }
  }
});

Deno.test("letters and digits around a token do not hide it", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{0,40}$/);
  const token = fc.constantFrom(...all("true"));
  fc.assert(fc.property(word, token, word, (front, [id, text], back) => {
    // What a label introduces has to follow that label, and a fixed length counts from it.
    assert.ok(find(front + text + back).some((match) => match.id === id), front + text + back);
  }));
});

Deno.test("a token is found wherever it begins, behind whatever other keywords begin", () => {
  const starts = all("true").map(([, text]) => text.slice(0, 14));
  const filler = " ".repeat(100);
  for (const [id, text] of all("true").filter(([, text]) => text.length < 80)) {
    for (const before of ["x", "--", ...starts.filter((_, n) => n % 7 === id.length % 7)]) {
      for (let cut = 1; cut <= before.length; cut += 3) {
        const part = `${before.slice(0, cut)}${text}`;
        const moved = find(`${filler}${part}`).map((match) => ({
          ...match,
          start: match.start - 100,
        }));
        assert.ok(moved.length > 0);
        assert.deepEqual(moved, find(part), part);
      }
    }
  }
});

Deno.test("a match in the beginning of a text is a match in the text", () => {
  const piece = fc.oneof(
    fc.constantFrom(...all("true")).map(([, text]) => text),
    fc.constantFrom(...all("false")).map(([, text]) => text),
    fc.constantFrom(...all("true")).map(([, text]) => text.slice(0, text.length / 2)),
    fc.stringMatching(/^[A-Za-z0-9+\/=_.\- ]{0,60}$/),
  );
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, fc.nat(), (whole, seed) => {
      const cut = seed % (whole.length + 1);
      const later = find(whole);
      for (const { id, start, text } of find(whole.slice(0, cut))) {
        const covered = later.some((match) =>
          match.start <= start && match.start + match.text.length >= start + text.length
        );
        assert.ok(covered, `${id} at ${start} of ${whole} up to ${cut}`);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a decoy in front does not take a part of the token away", () => {
  const token = sample("github-classic");
  const decoy = `hf_${"AbCdEfGhIjKlMnOpQrStUvWxYzAbCdE"}`;
  const text = decoy + token;
  const matches = find(text);
  assert.deepEqual(matches.map(({ id }) => id), ["huggingface", "github-classic"]);
  assert.equal(matches[1]?.text, token);
});

Deno.test("words and paths in front of a token are no run of base64", () => {
  const fronts = [
    "/v1/projects/warehouse/environments/production/tokens/",
    "the-very-long-name-of-a-setting-that-somebody-has-to-fill-in_",
    "a/".repeat(60),
  ];
  for (const id of ["google-api-key", "netlify", "replicate", "adafruit"] as const) {
    for (const front of fronts) {
      assert.deepEqual(find(front + sample(id)).map((one) => one.id), [id], front);
    }
  }
});

Deno.test("a token in a long run of base64 counts where its checksum is valid", () => {
  const run = "Zm9vYmFy".repeat(10);
  const issued = joined("gh|p_zQWBuTSOo|Ri4A9spHcV|Y5ncnsDkxk|J0mLq17");
  assert.equal(find(run + issued + run)[0]?.text, issued);
  assert.deepEqual(find(`${run}${issued.slice(0, -1)}8${run}`), []);
  assert.equal(find(`${issued.slice(0, -1)}8${run}`).length, 1);
});

Deno.test("the limit ends the search", () => {
  const text = `${sample("stripe-live")} `.repeat(20);
  assert.equal(find(text, 3).length, 3);
  assert.equal(find(text).length, 20);
});

/** Characters drawn from an alphabet by a generator with a seed. */
function drawn(alphabet: string, length: number, seed: number): string {
  let state = seed;
  return Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return alphabet[(state >>> 8) % alphabet.length];
  }).join("");
}

Deno.test("random text is no token", () => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const alphabets = ["0123456789abcdef", "0123456789ABCDEF", `${letters}+/`, `${letters}-_`];
  for (const alphabet of alphabets) {
    for (let seed = 1; seed <= 10; seed++) {
      assert.deepEqual(find(drawn(alphabet, 100_000, seed)), [], `${alphabet}, seed ${seed}`);
    }
  }
});
