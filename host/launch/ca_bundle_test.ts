import assert from "node:assert/strict";
import { readCaBundle } from "./ca_bundle.ts";

const STOCK = "-----BEGIN CERTIFICATE-----\nc3RvY2sgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----";
const OWN = "-----BEGIN CERTIFICATE-----\nb3duIGNlcnRpZmljYXRl\n-----END CERTIFICATE-----";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/stock/mozilla`, { recursive: true });
    await Deno.writeTextFile(`${folder}/stock/mozilla/stock.crt`, `${STOCK}\n`);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function read(folder: string, configured?: string): Promise<string> {
  return readCaBundle({
    configured,
    cacheFolder: `${folder}/cache`,
    hostBundle: `${folder}/bundle.crt`,
    stockFolder: `${folder}/stock`,
  });
}

Deno.test("only certificates that the distribution does not ship are the operator's own", async () => {
  await inFolder(async (folder) => {
    const rewrapped = STOCK.replace("c3RvY2sg", "c3Rv\nY2sg");
    await Deno.writeTextFile(`${folder}/bundle.crt`, `# comment\n${rewrapped}\n${OWN}\n`);
    assert.equal(await read(folder), `${OWN}\n`);
  });
});

Deno.test("a host with nothing but stock certificates, or with no bundle, adds no trust", async () => {
  await inFolder(async (folder) => {
    assert.equal(await read(folder), "");
    await Deno.writeTextFile(`${folder}/bundle.crt`, `${STOCK}\n`);
    assert.equal(await read(folder), "");
  });
});

Deno.test("a changed bundle is read again although an answer was kept", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/bundle.crt`, `${STOCK}\n`);
    assert.equal(await read(folder), "");
    assert.equal(await read(folder), "");
    await Deno.writeTextFile(`${folder}/bundle.crt`, `${STOCK}\n${OWN}\n`);
    assert.equal(await read(folder), `${OWN}\n`);
  });
});

Deno.test("a configured bundle is taken whole, and an empty setting means none", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/mine.pem`, `junk\n${STOCK}\nkey? no\n${OWN}`);
    assert.equal(await read(folder, `${folder}/mine.pem`), `${STOCK}\n${OWN}\n`);
    assert.equal(await read(folder, ""), "");
  });
});

Deno.test("a configured bundle that cannot be used stops with the file's name", async () => {
  await inFolder(async (folder) => {
    await assert.rejects(
      read(folder, `${folder}/absent.pem`),
      /Cannot read the CA bundle .*absent/,
    );
    await Deno.writeTextFile(`${folder}/empty.pem`, "nothing");
    await assert.rejects(read(folder, `${folder}/empty.pem`), /holds no PEM certificate/);
  });
});
