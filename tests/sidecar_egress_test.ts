import assert from "node:assert/strict";
import { headerOf, startOrigin } from "./sidecar/origin.ts";
import { curl, rawExchange, startProxy, until } from "./sidecar/proxy.ts";

const TOKEN = "tok-3fe1c0ffee-SECRET";
const HOST = "api.example.com";

const ROUTES = `log: 2
routes:
  - host: ${HOST}
    auth_scheme: Bearer
    token_env: EGRESS_TOKEN_0
  - host: plain.example.com
  - host: unset.example.com
    auth_scheme: Bearer
    token_env: EGRESS_TOKEN_7
  - host: localhost
  - host: wrong.example.com
`;

async function setUp(routes = ROUTES): Promise<
  & { proxy: Awaited<ReturnType<typeof startProxy>> }
  & {
    origin: Awaited<ReturnType<typeof startOrigin>>;
    plain: Awaited<ReturnType<typeof startOrigin>>;
  }
  & AsyncDisposable
> {
  const [origin, plain] = await Promise.all([startOrigin([HOST]), startOrigin([])]);
  const at = (name: string, port: number) => ({ name, address: "127.0.0.1", port });
  const proxy = await startProxy({
    routes,
    tokens: { EGRESS_TOKEN_0: TOKEN },
    upstreamCa: origin.caPem,
    extraHosts: [
      at(HOST, origin.port),
      at("wrong.example.com", origin.port),
      at("unset.example.com", origin.port),
      at("plain.example.com", plain.port),
    ],
  });
  return {
    proxy,
    origin,
    plain,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await Promise.all([origin[Symbol.asyncDispose](), plain[Symbol.asyncDispose]()]);
    },
  };
}

Deno.test("curl reaches an allowed host by HTTP/1.1 and HTTP/2, with the route's credential", async () => {
  await using all = await setUp();
  for (const version of ["--http1.1", "--http2"]) {
    const url = `https://${HOST}/a/../b?q=1`;
    const { code, err } = await curl(
      all.proxy,
      version,
      "--path-as-is",
      "-H",
      "Authorization: Bearer mine",
      url,
    );
    assert.equal(code, 0, err);
    const seen = all.origin.seen.pop();
    assert.equal(seen?.url, "/b?q=1");
    assert.equal(seen?.version, version === "--http2" ? "2.0" : "1.1");
    assert.equal(headerOf(seen?.headers ?? [], "authorization"), `Bearer ${TOKEN}`);
  }
});

Deno.test("a request body and its length arrive as they were sent", async () => {
  await using all = await setUp();
  for (const version of ["--http1.1", "--http2"]) {
    await curl(all.proxy, version, "-d", "hello", `https://${HOST}/post`);
    const seen = all.origin.seen.pop();
    assert.equal(seen?.bytes, 5);
    assert.equal(headerOf(seen?.headers ?? [], "content-length"), "5");
  }
});

Deno.test("the bytes of a header arrive as they were scanned, also where a body goes with them", async () => {
  await using all = await setUp();
  const sent = "caf\u00e9 \uff41";
  for (const version of ["--http1.1", "--http2"]) {
    for (const url of [`https://${HOST}/post`, "http://plain.example.com/x"]) {
      for (
        const body of [[], ["-d", "hello"], ["-d", "hello", "-H", "Transfer-Encoding: chunked"]]
      ) {
        await curl(all.proxy, version, ...body, "-H", `X-Note: ${sent}`, url);
        const seen = all.origin.seen.pop() ?? all.plain.seen.pop();
        const note = headerOf(seen?.headers ?? [], "x-note") ?? "";
        const bytes = Uint8Array.from(note, (one) => one.charCodeAt(0));
        assert.equal(new TextDecoder().decode(bytes), sent, `${version} ${url} ${body}`);
      }
    }
  }
});

Deno.test("plain http goes through in absolute form and inside a tunnel", async () => {
  await using all = await setUp();
  for (const how of [[], ["-p"]]) {
    const { out } = await curl(all.proxy, ...how, "http://plain.example.com/x");
    assert.equal(JSON.parse(out).url, "/x");
  }
});

Deno.test("a host on no route is refused before any leaf is made, with a way to ask", async () => {
  await using all = await setUp();
  const answer = await rawExchange(
    all.proxy.port,
    "CONNECT evil.example.com:443 HTTP/1.1\r\nHost: evil.example.com:443\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(answer, /evil\.example\.com/);
  assert.match(answer, /egress-allow/);
  const plain = await curl(all.proxy, "-w", "%{http_code}", "http://evil.example.com/");
  assert.match(plain.out, /egress-allow.*403$/s);
});

Deno.test("only a route's port can be tunnelled to", async () => {
  await using all = await setUp();
  for (const port of [22, 8443, 25]) {
    const answer = await rawExchange(
      all.proxy.port,
      `CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 403 /);
  }
});

Deno.test("an unset credential is a refusal, never a request without one", async () => {
  await using all = await setUp();
  const { out } = await curl(all.proxy, "-w", "%{http_code}", "https://unset.example.com/");
  assert.match(out, /token_unset.*403$/s);
  assert.equal(all.origin.seen.length, 0);
});

Deno.test("a name at a loopback address is refused, and an untrusted upstream is a 502", async () => {
  await using all = await setUp();
  const local = await curl(all.proxy, "-w", "%{http_code}", "http://localhost/");
  assert.match(local.out, /address_not_allowed.*403$/s);
  const wrong = await curl(all.proxy, "-w", "%{http_code}", "https://wrong.example.com/");
  assert.match(wrong.out, /upstream_untrusted.*502$/s);
});

Deno.test("Host and server name must be those of the tunnel", async () => {
  await using all = await setUp();
  for (const version of ["--http1.1", "--http2"]) {
    const { out } = await curl(
      all.proxy,
      version,
      "-H",
      "Host: plain.example.com",
      "-w",
      "%{http_code}",
      `https://${HOST}/`,
    );
    assert.match(out, /host_mismatch.*400$/s);
  }
  const fronted = await curl(
    all.proxy,
    "--connect-to",
    `plain.example.com:443:${HOST}:443`,
    "https://plain.example.com/",
  );
  assert.notEqual(fronted.code, 0);
  assert.equal(all.origin.seen.length, 0);
});

Deno.test("introspection shows the routes and no token; its other paths are not found", async () => {
  await using all = await setUp();
  const { out } = await curl(all.proxy, "http://_egress.local/allowlist");
  assert.deepEqual(JSON.parse(out).routes[0], {
    host: HOST,
    auth_scheme: "Bearer",
    token_env: "EGRESS_TOKEN_0",
  });
  assert.doesNotMatch(out, new RegExp(TOKEN));
  const other = await curl(all.proxy, "-w", "%{http_code}", "http://_egress.local/env");
  assert.match(other.out, /404$/);
});

Deno.test("a reload takes effect, and a broken one leaves the last good routes", async () => {
  await using all = await setUp();
  await all.proxy.writeRoutes("routes: [ {host: ");
  all.proxy.reload();
  await until(() => all.proxy.logs.some((line) => line.includes("last good")));
  assert.equal((await curl(all.proxy, `https://${HOST}/`)).code, 0);
  await all.proxy.writeRoutes("log: 2\nroutes:\n  - host: plain.example.com\n");
  all.proxy.reload();
  await until(() => all.proxy.logs.some((line) => line.includes("ok: 1 routes")));
  assert.notEqual((await curl(all.proxy, `https://${HOST}/`)).code, 0);
  assert.equal((await curl(all.proxy, "http://plain.example.com/")).code, 0);
});

Deno.test("neither a token nor the authority's key is ever logged", async () => {
  await using all = await setUp();
  await curl(all.proxy, `https://${HOST}/${TOKEN}?x=${TOKEN}`, "-H", `X: ${TOKEN}`);
  await curl(all.proxy, `http://evil.example.com/${TOKEN}`);
  await until(() => all.proxy.logs.length >= 3);
  assert.doesNotMatch(all.proxy.logs.join("\n"), /SECRET|PRIVATE KEY/);
});

Deno.test("the leaf stands up to openssl's strict verification, with and without a server name", async () => {
  await using all = await setUp();
  for (const name of [["-servername", HOST], ["-noservername"]]) {
    const { stdout } = await new Deno.Command("openssl", {
      args: [
        ...["s_client", "-proxy", `127.0.0.1:${all.proxy.port}`, "-connect", `${HOST}:443`],
        ...["-CAfile", all.proxy.caFile, "-x509_strict", "-verify_return_error"],
        ...["-verify_hostname", HOST, "-brief", ...name],
      ],
      stdin: "null",
      stderr: "piped",
    }).output().then(({ stdout, stderr }) => ({ stdout: new Uint8Array([...stdout, ...stderr]) }));
    assert.match(new TextDecoder().decode(stdout), /Verification: OK/);
  }
});
