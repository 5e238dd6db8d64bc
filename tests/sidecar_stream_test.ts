import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { startOrigin } from "./sidecar/origin.ts";
import { startProxy, until } from "./sidecar/proxy.ts";

const HOST = "api.example.com";
const MIB = 1024 * 1024;
const LARGE = 200 * MIB;
/** Idle it holds about 60 MiB; a 200 MiB body that piled up would show well above this. */
const RSS_LIMIT_KIB = 400 * 1024;

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

async function withOrigin(
  handler: Respond,
  run: (proxy: Awaited<ReturnType<typeof startProxy>>) => Promise<void>,
): Promise<void> {
  await using origin = await startOrigin([HOST], { handler });
  await using proxy = await startProxy({
    routes: `log: 2\nroutes:\n  - host: ${HOST}\n`,
    upstreamCa: origin.caPem,
    extraHosts: [{ name: HOST, address: "127.0.0.1", port: origin.port }],
  });
  await run(proxy);
}

/** Starts curl through the proxy with its streams open. */
function spawnCurl(
  proxy: { readonly port: number; readonly caFile: string },
  args: readonly string[],
): Deno.ChildProcess {
  return new Deno.Command("curl", {
    args: ["-sSN", "--cacert", proxy.caFile, "-x", `http://127.0.0.1:${proxy.port}`, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

async function peakKib(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Infinity);
}

function sendLarge(response: ServerResponse): void {
  const chunk = new Uint8Array(64 * 1024).fill(120);
  let left = LARGE / chunk.length;
  const more = (): void => {
    while (left-- > 0) if (!response.write(chunk)) return void response.once("drain", more);
    response.end();
  };
  more();
}

/** Breaks the connection below a response. */
function breakOff(response: ServerResponse): void {
  const { stream } = response as { stream?: { session?: { destroy(): void } } };
  if (stream === undefined) response.destroy();
  else stream.session?.destroy();
}

for (const version of ["--http1.1", "--http2"]) {
  Deno.test(`an event passes before the next one is sent (${version})`, async () => {
    let sendSecond = (): void => {};
    await withOrigin((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      sendSecond = () => response.end("data: second\n\n");
    }, async (proxy) => {
      const child = spawnCurl(proxy, [version, `https://${HOST}/events`]);
      await child.stdin.close();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      assert.match((await reader.read()).value ?? "", /first/);
      sendSecond();
      assert.match((await reader.read()).value ?? "", /second/);
      await reader.cancel();
      await child.status;
    });
  });

  Deno.test(`200 MiB each way leave memory flat (${version})`, async () => {
    await withOrigin((request, response) => {
      if (request.method === "GET") return sendLarge(response);
      let bytes = 0;
      request.on("data", (chunk: Uint8Array) => void (bytes += chunk.length));
      request.on("end", () => response.end(String(bytes)));
    }, async (proxy) => {
      const down = spawnCurl(proxy, [version, "--limit-rate", "300M", `https://${HOST}/`]);
      await down.stdin.close();
      let received = 0;
      for await (const chunk of down.stdout) received += chunk.length;
      assert.equal(received, LARGE);
      const up = spawnCurl(proxy, [version, "-T", "-", `https://${HOST}/`]);
      const answer = new Response(up.stdout).text();
      const writer = up.stdin.getWriter();
      const chunk = new Uint8Array(MIB).fill(120);
      for (let sent = 0; sent < LARGE; sent += MIB) await writer.write(chunk);
      await writer.close();
      assert.equal(await answer, String(LARGE));
      await Promise.all([down.status, up.status]);
      const peak = await peakKib(proxy.pid);
      assert.ok(peak < RSS_LIMIT_KIB, `peaked at ${peak} KiB`);
    });
  });

  Deno.test(`a paused TLS socket stops reading: a slow agent fills no memory (${version})`, async () => {
    let sent = 0;
    await withOrigin((_request, response) => {
      const chunk = new Uint8Array(64 * 1024);
      const more = (): void => {
        while (response.writable && response.write(chunk)) sent += chunk.length;
        if (response.writable) response.once("drain", more);
      };
      more();
    }, async (proxy) => {
      const child = spawnCurl(proxy, [version, `https://${HOST}/endless`]);
      await child.stdin.close();
      const reader = child.stdout.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.ok(sent < 64 * MIB, `${sent} bytes left the origin with nobody reading`);
      assert.ok(await peakKib(proxy.pid) < RSS_LIMIT_KIB);
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    });
  });

  Deno.test(`an agent that goes away ends the upstream request (${version})`, async () => {
    let isAborted = false;
    await withOrigin((request, response) => {
      response.write("data: first\n\n");
      const timer = setInterval(() => response.write(": ping\n\n"), 50);
      request.once("close", () => {
        isAborted = true;
        clearInterval(timer);
      });
    }, async (proxy) => {
      const child = spawnCurl(proxy, [version, `https://${HOST}/events`]);
      await child.stdin.close();
      const reader = child.stdout.getReader();
      await reader.read();
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await until(() => isAborted);
    });
  });

  Deno.test(`an upstream that breaks off is no regular end to the agent (${version})`, async () => {
    let end = (): void => {};
    await withOrigin((_request, response) => {
      response.write("half");
      end = () => breakOff(response);
    }, async (proxy) => {
      const child = spawnCurl(proxy, [version, `https://${HOST}/half`]);
      await child.stdin.close();
      let told = "";
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        told += part;
        // Not before: what breaks off on its way here may take its last words with it.
        if (told === "half") end();
      }
      assert.equal(told, "half");
      assert.notEqual((await child.status).code, 0);
    });
  });
}

Deno.test("a tunnel serves one request after another on the same connection", async () => {
  await withOrigin((_request, response) => void response.end("ok"), async (proxy) => {
    const url = `https://${HOST}/`;
    const child = spawnCurl(proxy, ["--http1.1", "-w", "%{num_connects};", url, url, url]);
    await child.stdin.close();
    assert.equal(await new Response(child.stdout).text(), "ok1;ok0;ok0;");
    await child.status;
  });
});

Deno.test("responses without a body end: HEAD, 204 and 304", async () => {
  await withOrigin((request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { "x-kept": "yes" });
    response.end();
  }, async (proxy) => {
    for (const version of ["--http1.1", "--http2"]) {
      for (const [method, status] of [["HEAD", 200], ["GET", 204], ["GET", 304]] as const) {
        const how = method === "HEAD" ? ["-I"] : ["-D", "-"];
        const url = `https://${HOST}/${status}`;
        const child = spawnCurl(proxy, [version, "-m", "5", ...how, url]);
        await child.stdin.close();
        assert.match(await new Response(child.stdout).text(), /x-kept: yes/i);
        assert.equal((await child.status).code, 0);
      }
    }
  });
});
