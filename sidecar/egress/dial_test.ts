import assert from "node:assert/strict";
import { createServer } from "node:net";
import { DEFAULT_DLP, type Route } from "../../policy/egress/route.ts";
import { Dialer, DialError, type Origin } from "./dial.ts";
import { HostTable } from "./resolver.ts";

function origin(host: string, port: number, allowPrivate: boolean): Origin {
  const route: Route = { host, matches: [], gitFetch: false, allowPrivate, dlp: DEFAULT_DLP };
  return { scheme: "http", host, port, route };
}

async function withListener(run: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  try {
    await run(bound !== null && typeof bound === "object" ? bound.port : 0);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function refusedFor(reason: string): (error: unknown) => boolean {
  return (error) => error instanceof DialError && error.reason === reason;
}

Deno.test("a name is resolved once, and what was checked is what is dialled", async () => {
  await withListener(async (port) => {
    let asked = 0;
    // Rebinding: the second answer would lead to another place.
    const resolve = () => Promise.resolve([asked++ === 0 ? "127.0.0.1" : "192.0.2.1"]);
    const dialer = new Dialer(new HostTable([], resolve));
    const socket = await dialer.connect(origin("rebind.example.com", port, true));
    assert.equal(socket.remoteAddress, "127.0.0.1");
    assert.equal(asked, 1);
    socket.destroy();
  });
});

Deno.test("each connection is checked anew, so an answer that turns private is refused", async () => {
  await withListener(async (port) => {
    const dialer = new Dialer(new HostTable([], () => Promise.resolve(["127.0.0.1"])));
    await assert.rejects(
      dialer.connect(origin("rebind.example.com", port, false)),
      refusedFor("address_not_allowed"),
    );
  });
});

Deno.test("one private address among public ones refuses them all", async () => {
  const answers = ["93.184.216.34", "10.0.0.1"];
  const dialer = new Dialer(new HostTable([], () => Promise.resolve(answers)));
  await assert.rejects(
    dialer.connect(origin("mixed.example.com", 80, false)),
    refusedFor("address_not_allowed"),
  );
});

/** What a name server under an attacker's control may answer, behind a CNAME or not. */
const ANSWERS = [
  "127.0.0.1",
  "0.0.0.0",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "64:ff9b::127.0.0.1",
  "2002:7f00:1::",
  "fe80::1%lo",
  "169.254.169.254",
  "::ffff:169.254.169.254",
  "fd00:ec2::254",
  "0177.0.0.1",
  "0x7f000001",
  "2130706433",
  "127.1",
  "localhost",
  " 127.0.0.1",
  "127.0.0.1\0.example.com",
  "",
];

Deno.test("no answer of a name server leads to this machine, in whatever form and place", async () => {
  await withListener(async (port) => {
    for (const answer of ANSWERS) {
      const many = [...Array.from({ length: 20 }, () => "93.184.216.34"), answer];
      for (const answers of [[answer], [answer, "93.184.216.34"], many]) {
        const dialer = new Dialer(new HostTable([], () => Promise.resolve(answers)));
        await assert.rejects(
          dialer.connect(origin("hostile.example.com", port, false)),
          refusedFor("address_not_allowed"),
          answer,
        );
      }
    }
  });
});

Deno.test("a pinned name is the operator's word: no question, no check, and its own port", async () => {
  await withListener(async (port) => {
    const pinned = [{ name: "api.example.com", address: "127.0.0.1", port }];
    const resolve = () => Promise.reject(new Error("asked"));
    const dialer = new Dialer(new HostTable(pinned, resolve));
    const socket = await dialer.connect(origin("api.example.com", 443, false));
    assert.equal(socket.remotePort, port);
    socket.destroy();
  });
});

Deno.test("a name without an answer is a failure of the upstream", async () => {
  const dialer = new Dialer(new HostTable([], () => Promise.reject(new Error("no such name"))));
  await assert.rejects(
    dialer.connect(origin("gone.example.com", 80, false)),
    refusedFor("upstream_unresolved"),
  );
});
