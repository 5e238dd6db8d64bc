import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { request, type ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { Compression } from "../policy/dlp/scan.ts";
import { encode, flushingEncoder } from "./sidecar/codings.ts";
import { type Handler, startOrigin } from "./sidecar/origin.ts";
import { TOKEN } from "./sidecar/outbound.ts";
import { curl, type RunningProxy, startProxy, until } from "./sidecar/proxy.ts";
import { dialTunnel } from "./sidecar/wire.ts";
import { startRawUpstream } from "./sidecar/raw_upstream.ts";

const HOST = "api.example.com";
const CODINGS: readonly Compression[] = ["gzip", "deflate", "br", "zstd"];
const VERSIONS = ["--http1.1", "--http2"];

interface Options {
  readonly tokens?: Readonly<Record<string, string>>;
  /** In YAML. */
  readonly dlp?: string;
}

async function withOrigin(
  handler: Handler,
  run: (proxy: RunningProxy) => Promise<void>,
  { tokens = { EGRESS_TOKEN_0: TOKEN }, dlp = "{}" }: Options = {},
): Promise<void> {
  await using origin = await startOrigin([HOST], { handler });
  await using proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n    auth_scheme: Bearer\n` +
      `    token_env: EGRESS_TOKEN_0\n    dlp: ${dlp}\n`,
    tokens,
    upstreamCa: origin.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: origin.port }],
  });
  await run(proxy);
}

/** Starts a curl that prints what arrives as it arrives. */
function streaming(
  proxy: RunningProxy,
  ...args: string[]
): { text: () => string; end(): Promise<number> } {
  const child = new Deno.Command("curl", {
    args: [
      ...["-sSN", "--cacert", proxy.caFile, "-x", `http://127.0.0.1:${proxy.port}`],
      ...args,
      `https://${HOST}/`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let text = "";
  const read = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) text += part;
  })();
  return {
    text: () => text,
    end: async () => {
      await read;
      return (await child.status).code;
    },
  };
}

/** Asks without curl, which shows a response's headers only with its body. */
async function asking(
  proxy: RunningProxy,
  version: string,
): Promise<{ text: () => string; headers: Promise<void> }> {
  const alpn = version === "--http2" ? "h2" : "http/1.1";
  const { socket } = await dialTunnel(proxy, { target: `${HOST}:443`, alpn: [alpn] });
  socket.removeAllListeners("data");
  let text = "";
  const onData = (chunk: Uint8Array): void => void (text += new TextDecoder().decode(chunk));
  const headers = new Promise<void>((resolve) => {
    if (alpn === "h2") {
      const stream = connectHttp2(`https://${HOST}`, { createConnection: () => socket })
        .request({ ":path": "/" });
      stream.once("response", () => resolve());
      stream.on("data", onData).on("error", () => {});
    } else {
      const out = request({ createConnection: () => socket, headers: { Host: HOST } });
      out.once("response", (response) => {
        response.on("data", onData).on("error", () => {});
        resolve();
      });
      out.on("error", () => {}).end();
    }
  });
  return { text: () => text, headers };
}

/** Says a body in pieces, each in a packet of its own. */
async function inPieces(response: ServerResponse, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    if (piece.length > 0) response.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  response.end();
}

for (const version of VERSIONS) {
  Deno.test(`a credential that the upstream repeats is masked everywhere (${version})`, async () => {
    await withOrigin((request, response) => {
      const seen = String(request.headers.authorization);
      response.writeHead(200, {
        "content-type": "application/json",
        "set-cookie": [`a=${TOKEN}`, "b=2"],
        "location": `https://elsewhere.example/?key=${TOKEN}`,
        "x-echo": seen,
        "x-other": btoa(`user:${TOKEN}`),
        "trailer": "x-late",
      });
      response.write(JSON.stringify({ headers: { authorization: seen } }));
      response.addTrailers({ "x-late": seen });
      response.end();
    }, async (proxy) => {
      const { out, code } = await curl(proxy, version, "-i", `https://${HOST}/`);
      assert.equal(code, 0);
      assert.match(out, /"authorization":"Bearer \[redacted\]\**"/);
      assert.match(out, /x-echo: Bearer \[redacted\]/i);
      assert.match(out, /b=2/);
      assert.ok(!out.includes(TOKEN) && !out.includes(btoa(`user:${TOKEN}`)), out);
      await until(() => proxy.logs.some((line) => line.includes("echoed_secret: EGRESS_TOKEN_0")));
      assert.ok(!proxy.logs.join().includes(TOKEN));
    });
  });

  Deno.test(`however it is cut and coded, a repeated credential stays (${version})`, async () => {
    const body = Buffer.from(`\0\x01binary ${TOKEN} and text\n`.repeat(50), "latin1");
    let coding: Compression | undefined;
    let length = 7;
    await withOrigin((_request, response) => {
      response.setHeader("content-type", "application/octet-stream");
      if (coding !== undefined) response.setHeader("content-encoding", coding);
      else response.setHeader("content-length", body.length);
      const coded = coding === undefined ? body : encode(body, coding);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < coded.length; at += length) {
        pieces.push(coded.subarray(at, at + length));
      }
      void inPieces(response, pieces.slice(0, 40).concat(coded.subarray(40 * length)));
    }, async (proxy) => {
      for (coding of [undefined, ...CODINGS]) {
        for (length of [7, 31]) {
          const { out, code } = await curl(proxy, version, `https://${HOST}/`);
          assert.equal(code, 0, coding);
          assert.equal(out.length, body.length);
          assert.ok(!out.includes(TOKEN.slice(0, 14)), coding);
          assert.equal(out.split(" and text").length, 51);
        }
      }
    });
  });

  Deno.test(`coded events are masked and pass one by one (${version})`, async () => {
    for (const coding of CODINGS) {
      let say: (text: string) => Promise<void> = () => Promise.resolve();
      let finish = (): void => {};
      await withOrigin(async (_request, response) => {
        response.writeHead(200, {
          "content-type": "text/event-stream",
          "content-encoding": coding,
        });
        response.flushHeaders?.();
        const encoder = flushingEncoder(coding);
        say = async (text) => void response.write(await encoder.flush(text));
        finish = () => void encoder.end().then((rest) => response.end(rest));
        await say("data: 0\n\n");
      }, async (proxy) => {
        const agent = streaming(proxy, version);
        await until(() => agent.text() === "data: 0\n\n");
        await say(`data: ${TOKEN}\n\n`);
        await until(() => /data: \[redacted\]\**\n\n$/.test(agent.text()));
        await say("data: 2\n\n");
        await until(() => agent.text().endsWith("data: 2\n\n"));
        finish();
        assert.equal(await agent.end(), 0);
      });
    }
  });

  Deno.test(`headers of a slow body come at once, and so does every event (${version})`, async () => {
    let send = (_text: string): void => {};
    await withOrigin((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-mark": "here" });
      response.flushHeaders?.();
      send = (text) => void response.write(text);
    }, async (proxy) => {
      const agent = await asking(proxy, version);
      await agent.headers;
      for (const text of ["data: a\n\n", "data: b\n\n"]) {
        send(text);
        await until(() => agent.text().endsWith(text));
      }
      // What may be the beginning of the credential waits for what follows.
      send(TOKEN.slice(0, 8));
      send("\n\n");
      await until(() => agent.text().endsWith(`${TOKEN.slice(0, 8)}\n\n`));
    });
  });
}

Deno.test("early hints are masked like any header", async () => {
  await using upstream = await startRawUpstream(HOST);
  upstream.script = ({ socket }) =>
    void socket.write(
      `HTTP/1.1 103 Early Hints\r\nLink: </${TOKEN}.css>; rel=preload\r\n\r\n` +
        `HTTP/1.1 200 ${TOKEN}\r\nContent-Length: 2\r\n${TOKEN}: 1\r\n\r\nok`,
    );
  await using proxy = await startProxy({
    routes: `routes:\n  - host: ${HOST}\n`,
    tokens: { EGRESS_TOKEN_0: TOKEN },
    upstreamCa: upstream.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: upstream.port }],
  });
  const wire = await dialTunnel(proxy, { target: `${HOST}:443` });
  wire.say(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await wire.settles(() => wire.text().endsWith("ok"));
  assert.match(wire.text(), /103 Early Hints\r\nLink: <\/\[redacted\]/i);
  assert.match(wire.text(), /HTTP\/1\.1 200 OK\r\n/);
  assert.ok(!wire.text().includes(TOKEN));
  wire.destroy();
});

Deno.test("early hints that are no links leave the response alone, and endless ones are refused", async () => {
  await using upstream = await startRawUpstream(HOST);
  const preloads = (count: number): string[] => Array<string>(count).fill("</a.css>; rel=preload");
  const hints = (links: readonly string[]): string =>
    links.map((link) => `HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\n\r\n`).join("");
  upstream.script = ({ socket, text }) => {
    // More than the proxy takes: no response is waited for.
    if (text.includes("GET /endless ")) return void socket.write(hints(preloads(1_000)));
    const some = hints(["garbage", `${TOKEN}`, ...preloads(28)]);
    socket.write(`${some}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
  };
  await using proxy = await startProxy({
    routes: `routes:\n  - host: ${HOST}\n`,
    tokens: { EGRESS_TOKEN_0: TOKEN },
    upstreamCa: upstream.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: upstream.port }],
  });
  const wire = await dialTunnel(proxy, { target: `${HOST}:443` });
  wire.say(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  assert.equal(await wire.settles(() => wire.text().endsWith("ok")), "holds");
  // Of the first 16, two are no links.
  assert.equal(wire.text().match(/103 Early Hints/g)?.length, 14);
  wire.say(`GET /endless HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  assert.equal(await wire.settles(() => wire.statuses().includes(502)), "holds");
  assert.ok((wire.text().match(/103 Early Hints/g)?.length ?? 0) <= 14 + 16);
  wire.destroy();
});

Deno.test("a route without inbound detectors keeps the credential from the agent all the same", async () => {
  await withOrigin((request, response) => {
    response.setHeader("content-encoding", "gzip");
    response.end(encode(Buffer.from(String(request.headers.authorization)), "gzip"));
  }, async (proxy) => {
    const { out } = await curl(proxy, `https://${HOST}/`);
    assert.match(out, /^Bearer \[redacted\]\**$/);
  }, { dlp: "{ inbound_detectors: false }" });
});

Deno.test("what is decoded says so: no coding, no length, a weak ETag", async () => {
  const body = encode(Buffer.from("content"), "gzip");
  await withOrigin((request, response) => {
    response.writeHead(request.url === "/304" ? 304 : 200, {
      "content-encoding": "gzip",
      "content-length": body.length,
      "etag": '"v1"',
      "vary": "Accept-Encoding",
      "content-md5": "x",
      "x-accepted": String(request.headers["accept-encoding"]),
    });
    response.end(request.method === "HEAD" || request.url === "/304" ? undefined : body);
  }, async (proxy) => {
    const get = async (...args: string[]): Promise<string> =>
      (await curl(proxy, "--http1.1", ...args)).out;
    const out = await get("-i", "-H", "Accept-Encoding: dcb, gzip", `https://${HOST}/`);
    const head = await get("-I", `https://${HOST}/`);
    const unchanged = await get("-i", `https://${HOST}/304`);
    assert.match(out, /content$/);
    assert.match(out, /x-accepted: gzip\r/i);
    for (const text of [out, head, unchanged]) {
      assert.match(text, /etag: W\/"v1"/i);
      assert.match(text, /vary: Accept-Encoding/i);
      assert.ok(!/content-(?:encoding|length|md5)/i.test(text), text);
    }
  });
});

Deno.test("what cannot be decoded is refused before anything of it is sent", async () => {
  let headers: Record<string, string> = {};
  let status = 200;
  await withOrigin((_request, response) => {
    response.writeHead(status, headers);
    response.end("\x01\x02\x03");
  }, async (proxy) => {
    for (
      headers of [
        { "content-encoding": "compress" },
        { "content-encoding": "gzip, br, gzip" },
        { "im": "vcdiff" },
      ]
    ) {
      const { out } = await curl(proxy, "-i", `https://${HOST}/`);
      assert.match(out, /^HTTP\/2 502 .*"error":"response_unreadable"/ms);
    }
    [headers, status] = [{ "content-encoding": "gzip", "content-range": "bytes 5-7/9" }, 206];
    const { out } = await curl(proxy, "-i", "-H", "Range: bytes=5-7", `https://${HOST}/`);
    assert.match(out, /^HTTP\/2 502 .*a part of a coded body/ms);
    // Its head is no part of anything.
    const head = await curl(proxy, "-I", `https://${HOST}/`);
    assert.match(head.out, /^HTTP\/2 206 /m);
  });
});

Deno.test("a part is asked for as it is, and comes whole", async () => {
  await withOrigin((request, response) => {
    response.writeHead(206, { "content-range": "bytes 0-9/100", "content-length": 10 });
    response.end(String(request.headers["accept-encoding"]).padEnd(10));
  }, async (proxy) => {
    const args = ["-H", "Range: bytes=0-9", "-H", "Accept-Encoding: gzip"];
    const { out, code } = await curl(proxy, ...args, `https://${HOST}/`);
    assert.deepEqual([out, code], ["identity  ", 0]);
  });
});

for (const version of VERSIONS) {
  Deno.test(`a coded body that breaks off or is damaged is no whole one (${version})`, async () => {
    let coding: Compression = "gzip";
    let isDamaged = false;
    await withOrigin((_request, response) => {
      const body = encode(Buffer.from("some words, ".repeat(2_000)), coding);
      if (isDamaged) body.set([0xff, 0xff, 0xff], 3);
      response.setHeader("content-encoding", coding);
      response.end(isDamaged ? body : body.subarray(0, body.length - 9));
    }, async (proxy) => {
      for (coding of CODINGS) {
        for (isDamaged of [false, true]) {
          const { code } = await curl(proxy, version, `https://${HOST}/`);
          assert.notEqual(code, 0, `${coding} ${isDamaged}`);
        }
      }
    });
  });
}

Deno.test("where its end is the connection's, a broken body ends with a reset", async () => {
  await using origin = await startOrigin([], {
    handler: (_request, response) => {
      response.setHeader("content-encoding", "gzip");
      const body = encode(Buffer.from("some words, ".repeat(2_000)), "gzip");
      response.end(body.subarray(0, body.length - 9));
    },
  });
  await using proxy = await startProxy({
    routes: `routes:\n  - host: plain.example.com\n`,
    tokens: { EGRESS_TOKEN_0: TOKEN },
    extraHosts: [{ name: "plain.example.com", address: "127.0.0.1", port: origin.port }],
  });
  const { code } = await curl(proxy, "--http1.0", "http://plain.example.com/");
  assert.equal(code, 56);
});

Deno.test("a bomb ends while the agent reads it, and memory stays flat", async () => {
  const bomb = encode(new Uint8Array(300 * 1024 * 1024), "br");
  await withOrigin((_request, response) => {
    response.setHeader("content-encoding", "br");
    response.end(bomb);
  }, async (proxy) => {
    const { code } = await curl(proxy, "-o", "/dev/null", `https://${HOST}/`);
    assert.notEqual(code, 0);
    const status = await Deno.readTextFile(`/proc/${proxy.pid}/status`);
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Infinity);
    assert.ok(peak < 400 * 1024, `peaked at ${peak} KiB`);
  });
});
