import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { launchDocument, type RunningInit, startInit } from "./sidecar/init.ts";
import { until } from "./sidecar/proxy.ts";

const REFUSED = "CONNECT evil.example.com:443 HTTP/1.1\r\nHost: evil.example.com:443\r\n\r\n";

/** Process ids of an init's children by service. */
async function children(init: RunningInit): Promise<ReadonlyMap<string, number>> {
  const text = await Deno.readTextFile(`/proc/${init.pid}/task/${init.pid}/children`);
  const found = new Map<string, number>();
  for (const pid of text.trim().split(" ").filter((one) => one !== "").map(Number)) {
    const command = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
    const name = /sidecar\/(\w+)\/main/.exec(command)?.[1];
    if (name !== undefined) found.set(name, pid);
  }
  return found;
}

async function isServing(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(REFUSED));
    const buffer = new Uint8Array(12);
    await connection.read(buffer);
    return new TextDecoder().decode(buffer) === "HTTP/1.1 403";
  } catch {
    return false;
  }
}

/** Asks the name service over UDP; undefined when nothing answers. */
function ask(port: number, query: Uint8Array): Promise<Uint8Array | undefined> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    const done = (answer?: Uint8Array): void => {
      clearTimeout(timer);
      clearInterval(again);
      socket.close();
      resolve(answer);
    };
    // A datagram may be lost, so it is sent again until one is answered.
    const again = setInterval(() => socket.send(query, port, "127.0.0.1"), 200);
    const timer = setTimeout(done, 5_000);
    socket.once("message", (answer: Uint8Array) => done(answer));
    socket.send(query, port, "127.0.0.1");
  });
}

function query(name: string, type: number): Uint8Array {
  const labels = name.split(".").flatMap((label) => [
    label.length,
    ...new TextEncoder().encode(label),
  ]);
  return Uint8Array.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, type, 0, 1]);
}

Deno.test("the init becomes ready, serves, hides its secrets and stops at once", async () => {
  await using init = await startInit(JSON.stringify(await launchDocument()));
  await init.ready;
  assert.ok(await isServing(init.egressPort));
  assert.match(await Deno.readTextFile(init.routesPath), /api\.example\.com/);
  for (const pid of [init.pid, ...(await children(init)).values()]) {
    for (const file of ["cmdline", "environ"]) {
      const text = await Deno.readTextFile(`/proc/${pid}/${file}`);
      assert.doesNotMatch(text, /SECRET|PRIVATE KEY/);
    }
  }
  const asked = performance.now();
  init.signal("SIGTERM");
  assert.equal((await init.status).code, 0);
  assert.ok(performance.now() - asked < 1_000);
  assert.doesNotMatch(init.logs.join("\n"), /SECRET|PRIVATE KEY/);
  assert.ok(!await isServing(init.egressPort));
});

Deno.test("a killed egress process comes back, and nothing listens until then", async () => {
  await using init = await startInit(JSON.stringify(await launchDocument()));
  await init.ready;
  const first = (await children(init)).get("egress") ?? 0;
  Deno.kill(first, "SIGKILL");
  await until(() => init.logs.some((line) => line.startsWith("[egress] ended with SIGKILL")));
  assert.ok(!await isServing(init.egressPort));
  let isBack = false;
  for (let tries = 0; tries < 100 && !isBack; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    isBack = await isServing(init.egressPort);
  }
  assert.ok(isBack);
  assert.notEqual((await children(init)).get("egress"), first);
});

Deno.test("SIGHUP to the init reloads the routes", async () => {
  await using init = await startInit(JSON.stringify(await launchDocument()));
  await init.ready;
  await Deno.writeTextFile(init.routesPath, "log: 2\nroutes: []\n");
  init.signal("SIGHUP");
  await until(() =>
    init.logs.some((line) => /^\[egress\] .*egress_reload.*ok: 0 routes/.test(line))
  );
});

for (
  const [what, text] of [
    ["nothing", ""],
    ["half a document", '{"version":1,"bottle":"x","egress":{"caKey":"SECRET'],
    ["another version", '{"version":2,"egress":{"caKey":"SECRET"}}'],
    ["a field too many", '{"version":1,"SECRET":"SECRET"}'],
    ["more than it may be", `"${"SECRET".repeat(1_000_000)}"`],
  ] as const
) {
  Deno.test(`${what} on standard input ends the init with a reason and no secret`, async () => {
    await using init = await startInit(text);
    assert.equal((await init.status).code, 1);
    assert.match(init.logs.join("\n"), /^\[init\] Cannot read the launch document/m);
    assert.doesNotMatch(init.logs.join("\n"), /SECRETSECRET|"SECRET|: SECRET/);
    await assert.rejects(init.ready);
  });
}

Deno.test("routes that do not parse keep the sidecar from becoming ready", async () => {
  const document = await launchDocument();
  const broken = { ...document, egress: { ...document.egress, routes: "routes: [{}]" } };
  await using init = await startInit(JSON.stringify(broken));
  assert.equal((await init.status).code, 1);
  assert.match(init.logs.join("\n"), /Cannot start the service egress/);
});

Deno.test("the init does not become ready while the host's end of the network answers", async () => {
  await using init = await startInit(
    JSON.stringify(await launchDocument({ mustNotAnswer: "127.0.0.1" })),
  );
  assert.equal((await init.status).code, 1);
  assert.match(init.logs.join("\n"), /127\.0\.0\.1 answers/);
});

Deno.test("the name service answers the sidecar's names alone, over UDP and TCP", async () => {
  await using init = await startInit(JSON.stringify(await launchDocument()));
  await init.ready;
  const own = await ask(init.dnsPort, query("_eGRESS.local", 1));
  assert.deepEqual([...(own ?? []).slice(-4)], [127, 0, 0, 1]);
  const other = await ask(init.dnsPort, query("secret.evil.example.com", 1));
  assert.equal((other?.[3] ?? 0) & 15, 3);
  const packet = query("sidecar", 1);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: init.dnsPort });
  await connection.write(Uint8Array.from([0, packet.length, ...packet]));
  const answer = new Uint8Array(512);
  const length = await connection.read(answer) ?? 0;
  assert.deepEqual([...answer.slice(length - 4, length)], [127, 0, 0, 1]);
});

Deno.test("garbage does not stop the name service", async () => {
  await using init = await startInit(JSON.stringify(await launchDocument()));
  await init.ready;
  const socket = createSocket("udp4");
  for (let length = 0; length < 600; length++) {
    const packet = crypto.getRandomValues(new Uint8Array(length));
    await new Promise((resolve) => socket.send(packet, init.dnsPort, "127.0.0.1", resolve));
  }
  socket.close();
  const own = await ask(init.dnsPort, query("sidecar", 1));
  assert.deepEqual([...(own ?? []).slice(-4)], [127, 0, 0, 1]);
});
