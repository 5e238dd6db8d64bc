import assert from "node:assert/strict";
import { bottleEnv } from "./bottle_env.ts";

const input = {
  user: { name: "node", uid: 1000, gid: 1000, home: "/home/node" },
  env: { HTTP_PROXY: "http://elsewhere", ALL_PROXY: "socks5://elsewhere", LANG: "C", MINE: "1" },
  sidecar: "sidecar",
  caFile: "/etc/bot-bottle/ca.pem",
  bundleFile: "/etc/bot-bottle/ca-bundle.pem",
};

Deno.test("a plan cannot point programs at another proxy than the sidecar", () => {
  const env = bottleEnv(input);
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]) {
    assert.equal(env[name], "http://sidecar:9099");
  }
  assert.ok(!("ALL_PROXY" in env));
});

Deno.test("requests for the introspection name go through the proxy, those for the sidecar do not", () => {
  assert.equal(bottleEnv(input).NO_PROXY, "localhost,127.0.0.1,::1,sidecar");
});

Deno.test("a plan keeps its own variables and may choose the language", () => {
  const env = bottleEnv(input);
  assert.equal(env.MINE, "1");
  assert.equal(env.LANG, "C");
});

Deno.test("programs with their own roots get the authority alone, others the whole bundle", () => {
  const env = bottleEnv(input);
  assert.equal(env.NODE_EXTRA_CA_CERTS, input.caFile);
  assert.equal(env.DENO_CERT, input.caFile);
  assert.equal(env.SSL_CERT_FILE, input.bundleFile);
  assert.equal(env.GIT_SSL_CAINFO, input.bundleFile);
});
