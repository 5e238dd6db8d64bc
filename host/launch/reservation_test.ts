import assert from "node:assert/strict";
import { StateStore } from "../state/state_store.ts";
import { proposeSlug, reserveSlug } from "./reservation.ts";

async function inHome(body: (store: StateStore) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await body(new StateStore(home));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("starts at one time with one label all get a slug of their own", async () => {
  await inHome(async (store) => {
    const wish = { agent: "a", label: "Twin", numbered: true };
    const states = await Promise.all(Array.from({ length: 8 }, () => reserveSlug(store, wish)));
    const slugs = states.map(({ slug }) => slug).sort();
    assert.deepEqual(slugs, ["twin", ...[2, 3, 4, 5, 6, 7, 8].map((n) => `twin-${n}`)]);
    for (const state of states) await state.close();
  });
});

Deno.test("a label that is asked for as it is cannot be had twice", async () => {
  await inHome(async (store) => {
    const wish = { agent: "a", label: "Twin", numbered: false };
    await using state = await reserveSlug(store, wish);
    assert.equal(state.slug, "twin");
    await assert.rejects(reserveSlug(store, wish), /another bottle has it/);
    await assert.rejects(proposeSlug(store, wish), /another bottle has it/);
  });
});

Deno.test("without a label the agent's name and random characters make the slug", async () => {
  await inHome(async (store) => {
    const slug = await proposeSlug(store, { agent: "coder", numbered: false });
    assert.match(slug, /^coder-[a-z2-9]{5}$/);
  });
});
