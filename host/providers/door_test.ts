import assert from "node:assert/strict";
import { DEFAULT_DLP } from "../../policy/egress/route.ts";
import { defineProvider } from "../../providers/define.ts";
import type { AgentProvider, ProviderContext } from "../../providers/provider.ts";
import { admitProvider, type LoadedProvider } from "./door.ts";
import { ProviderError } from "./error.ts";

const SOURCE = "/home/ada/.bot-bottle/contrib/probe/mod.ts";
const DOCKERFILE = "FROM node:22-slim\n";

const context: ProviderContext = {
  settings: {},
  forwardHostCredentials: false,
  workdir: "/home/node",
  prompt: "",
  resume: false,
  remoteControl: false,
};

const probe: AgentProvider = defineProvider({
  name: "probe",
  description: "A probe",
  dockerfile: DOCKERFILE,
  provision: () => ({ argv: ["bash"] }),
});

function admit(given: unknown): LoadedProvider {
  return admitProvider({ default: given }, { name: "probe", source: SOURCE });
}

function failure(run: () => unknown): ProviderError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

/** Whatever a provider returns from provision() beside a good command line. */
function provisioned(parts: Record<string, unknown>): ProviderError {
  const good = { routes: [], env: {}, files: [], setup: [], argv: ["bash"] };
  const admitted = admit({ ...probe, provision: () => ({ ...good, ...parts }) });
  return failure(() => admitted.provision(context));
}

Deno.test("a whole provider passes, frozen and with its source", () => {
  const admitted = admit(probe);
  assert.equal(admitted.source, SOURCE);
  assert.equal(admitted.dockerfile, DOCKERFILE);
  assert.ok(Object.isFrozen(admitted));
  assert.deepEqual(admitted.provision(context).argv, ["bash"]);
});

Deno.test("each missing member is named together with the file", () => {
  const members = Object.keys(probe).filter((key) => key !== "dockerfile");
  assert.ok(members.length >= 7);
  for (const member of members) {
    const { [member]: _, ...rest } = probe as unknown as Record<string, unknown>;
    const error = failure(() => admit(rest));
    assert.equal(error.member, member);
    assert.ok(error.message.includes(SOURCE) && error.message.includes(member), error.message);
    assert.ok(error.hint);
  }
});

Deno.test("a module without a default export, or with one that is none, does not pass", () => {
  for (const namespace of [{}, null, undefined, 3, { named: probe }]) {
    const error = failure(() => admitProvider(namespace, { name: "probe", source: SOURCE }));
    assert.equal(error.member, "default");
  }
  for (const given of [null, undefined, 3, "probe", () => probe, []]) {
    failure(() => admit(given));
  }
});

Deno.test("a provider needs an image, its own or a Dockerfile beside it, which wins", () => {
  const { dockerfile: _, ...rest } = probe;
  assert.equal(failure(() => admit(rest)).member, "dockerfile");
  const beside = { name: "probe", source: SOURCE, dockerfile: "FROM debian\n", contextPath: "/x" };
  const admitted = admitProvider({ default: probe }, beside);
  assert.equal(admitted.dockerfile, "FROM debian\n");
  assert.equal(admitted.contextPath, "/x");
});

Deno.test("members of the wrong kind are named", () => {
  const cases: [string, Record<string, unknown>][] = [
    ["name", { name: "Probe" }],
    ["description", { description: "two\nlines" }],
    ["user.uid", { user: { ...probe.user, uid: 0 } }],
    ["user.home", { user: { ...probe.user, home: "home" } }],
    ["skillsDirectory", { skillsDirectory: "/home/node/../root" }],
    ["dockerfile", { dockerfile: "./Dockerfile" }],
    ["credentials.0", { credentials: ["password"] }],
    ["settingsSchema", { settingsSchema: 3 }],
    ["provision", { provision: "bash" }],
  ];
  for (const [member, change] of cases) {
    assert.equal(failure(() => admit({ ...probe, ...change })).member, member);
  }
});

Deno.test("a provider cannot go by another name than it is loaded under", () => {
  const error = failure(() => admit({ ...probe, name: "claude" }));
  assert.equal(error.member, "name");
  assert.match(error.message, /claude/);
});

Deno.test("a method that throws is told as the provider's fault", () => {
  const thrown = (): never => {
    throw new Error("out of paint");
  };
  const admitted = admit({ ...probe, provision: thrown, parseSettings: thrown });
  const provision = failure(() => admitted.provision(context));
  assert.equal(provision.member, "provision()");
  assert.match(provision.message, /mod\.ts: provision\(\) failed: out of paint$/);
  assert.equal(failure(() => admitted.parseSettings({})).member, "parseSettings()");
});

Deno.test("garbage from a method is refused with its place", () => {
  for (const garbage of [undefined, null, 3, "bash", [], {}, Promise.resolve({})]) {
    const admitted = admit({
      ...probe,
      provision: () => garbage,
      parseSettings: () => garbage,
    });
    assert.match(failure(() => admitted.provision(context)).member ?? "", /^provision\(\)/);
    assert.match(failure(() => admitted.parseSettings({})).member ?? "", /^parseSettings\(\)/);
  }
});

Deno.test("what a provider wants placed, run or set is checked piece by piece", () => {
  const file = { path: "/home/node/x", content: "x", mode: 0o600, owner: "agent" };
  const cases: [string, Record<string, unknown>][] = [
    ["argv", { argv: [] }],
    ["argv", { argv: [""] }],
    ["argv.1", { argv: ["bash", 3] }],
    ["argv.1", { argv: ["bash", "a\0b"] }],
    ["setup.0", { setup: [[]] }],
    ["setup.0.0", { setup: [[3]] }],
    ["env.A=B", { env: { "A=B": "x" } }],
    ["env.A\nB", { env: { "A\nB": "x" } }],
    ["env.A", { env: { A: "x\0" } }],
    ["files.0.path", { files: [{ ...file, path: "relative" }] }],
    ["files.0.path", { files: [{ ...file, path: "/home/node/../../etc/passwd" }] }],
    ["files.0.path", { files: [{ ...file, path: "/" }] }],
    ["files.0.mode", { files: [{ ...file, mode: 0o4755 }] }],
    ["files.0.mode", { files: [{ ...file, mode: -1 }] }],
    ["files.0.owner", { files: [{ ...file, owner: "ada" }] }],
    ["files.0.content", { files: [{ ...file, content: 3 }] }],
    ["notes.0", { notes: ["two\nlines"] }],
    ["volumes", { volumes: ["/:/host"] }],
  ];
  for (const [place, parts] of cases) {
    assert.equal(provisioned(parts).member, `provision().${place}`);
  }
});

Deno.test("a route that says more or other than a route can is refused", () => {
  const route = {
    host: "api.example.com",
    matches: [],
    gitFetch: false,
    allowPrivate: false,
    dlp: DEFAULT_DLP,
  };
  const token = { scheme: "Bearer", tokenEnv: "sk-not a name" };
  const path = { paths: [{ type: "prefix", value: "/a/../b" }] };
  const regex = { paths: [{ type: "regex", value: "(?=a)" }] };
  const cases: [string, Record<string, unknown>][] = [
    ["host", { host: "API.example.com" }],
    ["host", { host: "api.example.com:8443" }],
    ["host", { host: "*" }],
    ["port", { port: 0 }],
    ["auth.tokenEnv", { auth: token }],
    ["matches.0.paths.0.value", { matches: [path] }],
    ["matches.0.paths.0.value", { matches: [regex] }],
    ["allowPrivate", { allowPrivate: "no" }],
    ["gitPush", { gitPush: true }],
  ];
  for (const [place, change] of cases) {
    const error = provisioned({ routes: [{ ...route, ...change }] });
    assert.equal(error.member, `provision().routes.0.${place}`);
  }
  assert.match(provisioned({ routes: [route, route] }).message, /twice/);
});

Deno.test("an error about a route does not repeat what stood where a name belongs", () => {
  const secret = "sk-ant-oat01-abcdefghijklmnop";
  const error = provisioned({
    routes: [{ host: "a.example", auth: { scheme: "Bearer", tokenEnv: secret } }],
    env: { A: 3 },
  });
  assert.ok(!`${error.message} ${error.hint}`.includes(secret));
});
