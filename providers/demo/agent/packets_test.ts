import assert from "node:assert/strict";
import dgram from "node:dgram";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { all, lookup, tcp, udp } from "./packets.ts";

async function withTcpServer(use: (port: number) => Promise<void>): Promise<void> {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function withUdpServer(
  answer: (query: Uint8Array) => Uint8Array,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (query, { address, port }) => socket.send(answer(query), port, address));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  try {
    await use(socket.address().port);
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}

Deno.test("an accepted connection is reached, and so is a refusing neighbour", async () => {
  let closed = 0;
  await withTcpServer(async (port) => {
    closed = port;
    assert.equal((await tcp("127.0.0.1", port)).reached, true);
    assert.equal((await tcp("127.0.0.1", port, { refusalStops: true })).reached, true);
  });
  assert.equal((await tcp("127.0.0.1", closed)).reached, true);
  assert.equal((await tcp("127.0.0.1", closed, { refusalStops: true })).reached, false);
});

Deno.test("any datagram that comes back means that the other end was reached", async () => {
  await withUdpServer((query) => query, async (port) => {
    assert.equal((await udp("127.0.0.1", port)).reached, true);
  });
});

/** Answers a query with the given response code and no records (RFC 1035, section 4.1.1). */
function withCode(code: number): (query: Uint8Array) => Uint8Array {
  return (query) => {
    const answer = Uint8Array.from(query);
    answer[2] = 0x81;
    answer[3] = 0x80 | code;
    return answer;
  };
}

Deno.test("a lookup is stopped by a resolver that does not know what everybody knows", async () => {
  const expected: [number, boolean][] = [[0, true], [2, false], [3, false], [5, false], [4, true]];
  for (const [code, reached] of expected) {
    await withUdpServer(withCode(code), async (port) => {
      const finding = await lookup("example.com", "127.0.0.1", port);
      assert.equal(finding.reached, reached, `${code}: ${finding.evidence}`);
    });
  }
});

Deno.test("one attempt that reached something decides over many that did not", async () => {
  const stopped = Promise.resolve({ reached: false, evidence: "no answer" });
  const reached = Promise.resolve({ reached: true, evidence: "10.0.0.1:80 answered" });
  assert.equal((await all([stopped, reached, stopped])).reached, true);
  assert.deepEqual(await all([stopped, stopped]), {
    reached: false,
    evidence: "2 tried: no answer",
  });
  assert.equal((await all([])).reached, false);
});
