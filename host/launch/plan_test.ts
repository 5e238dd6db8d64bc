import assert from "node:assert/strict";
import { DEFAULT_DLP, type Route } from "../../policy/egress/route.ts";
import { parseAgent } from "../../policy/manifest/agent.ts";
import { parseBottle } from "../../policy/manifest/bottle.ts";
import { resolveManifest } from "../../policy/manifest/merge.ts";
import { Secret } from "../../policy/secret.ts";
import { nodeUser } from "../../providers/define.ts";
import type { Provisioning } from "../../providers/provider.ts";
import { planBottle, type PlanInputs } from "./plan.ts";

const TOKEN = "tok-51c0a7e2b94d";

function manifestOf(bottle: object): PlanInputs["manifest"] {
  const encode = (frontmatter: object): Uint8Array =>
    new TextEncoder().encode(`---\n${JSON.stringify(frontmatter)}\n---\n`);
  const agent = parseAgent({ name: "a", file: "a.md" }, encode({ bottle: "b" }));
  const parsed = parseBottle({ name: "b", file: "b.md" }, encode(bottle));
  return resolveManifest({ agent, selected: [], bottles: new Map([["b", parsed]]) });
}

function inputs(
  bottle: object,
  changes: Partial<PlanInputs> & { provide?: Partial<Provisioning> } = {},
): PlanInputs {
  const { provide, ...rest } = changes;
  const provisioning = { routes: [], env: {}, files: [], setup: [], argv: ["agent"], ...provide };
  return {
    identity: { slug: "a-abcde", agent: "a", bottles: ["b"], provider: "p" },
    manifest: manifestOf(bottle),
    provider: {
      name: "p",
      description: "",
      user: nodeUser,
      skillsDirectory: "/home/node/skills",
      settingsSchema: {},
      parseSettings: (value) => ({ ok: true, value }),
      provision: () => provisioning,
    },
    provisioning,
    image: { name: "p", dockerfile: "FROM scratch\n" },
    workdir: "/home/node/workspace",
    folders: [],
    environment: {},
    ca: { certPem: "", keyPem: new Secret("") },
    upstreamCa: "",
    extraHosts: [],
    queueFolder: "/home/op/.bot-bottle/queue/a-abcde",
    env: (name) => name === "API_TOKEN" ? TOKEN : undefined,
    ...rest,
  };
}

const AUTHENTICATED = {
  egress: {
    routes: [{ host: "api.example.com", auth: { scheme: "Bearer", token_ref: "API_TOKEN" } }],
  },
};

Deno.test("a plan names tokens by number and holds their values as secrets alone", () => {
  const { plan } = planBottle(inputs(AUTHENTICATED));
  assert.equal(plan.sidecar.policy.routes[0]?.auth?.tokenEnv, "EGRESS_TOKEN_0");
  assert.equal(plan.sidecar.tokens.get("EGRESS_TOKEN_0")?.reveal(), TOKEN);
  assert.ok(!JSON.stringify(plan).includes(TOKEN));
});

Deno.test("what the provider sets wins over the manifest's environment", () => {
  const { plan } = planBottle(
    inputs({}, {
      environment: { A: "manifest", B: "manifest" },
      provide: { env: { B: "provider" } },
    }),
  );
  assert.deepEqual(plan.agent.env, { A: "manifest", B: "provider" });
});

Deno.test("the git identity becomes the agent's own configuration file", () => {
  const { plan } = planBottle(inputs({ "git-gate": { user: { name: "Ada" } } }));
  assert.deepEqual(plan.agent.files.map(({ path, content }) => [path, content]), [
    ["/home/node/.gitconfig", '[user]\n\tname = "Ada"\n'],
  ]);
});

Deno.test("a launch that would show the agent its route's token is refused", () => {
  const shown = [
    inputs(AUTHENTICATED, { environment: { COPY: `x${TOKEN}x` } }),
    inputs(AUTHENTICATED, {
      provide: { files: [{ path: "/home/node/f", content: TOKEN, mode: 0o600, owner: "agent" }] },
    }),
    inputs(AUTHENTICATED, {
      provide: {
        files: [{
          path: "/home/node/f",
          content: new TextEncoder().encode(`{"k":"${TOKEN}"}`),
          mode: 0o600,
          owner: "agent",
        }],
      },
    }),
  ];
  for (const each of shown) {
    assert.throws(() => planBottle(each), (error: Error) => {
      assert.match(error.message, /would show the agent a token/);
      assert.ok(!error.message.includes(TOKEN));
      return true;
    });
  }
});

Deno.test("a token that no header can carry is refused without being shown", () => {
  for (const bad of [`${TOKEN}\n`, `${TOKEN}\r\nX: y`, `"${TOKEN} x"`, `${TOKEN}\u00e9`]) {
    assert.throws(() => planBottle(inputs(AUTHENTICATED, { env: () => bad })), (error: Error) => {
      assert.match(error.message, /Cannot use a token/);
      return !error.message.includes(TOKEN);
    });
  }
});

Deno.test("the provider's hosts replace the manifest's, and the operator is told", () => {
  const claimed: Route = {
    host: "api.example.com",
    matches: [],
    gitFetch: false,
    allowPrivate: false,
    dlp: DEFAULT_DLP,
  };
  const { plan, notes } = planBottle(inputs(AUTHENTICATED, { provide: { routes: [claimed] } }));
  assert.deepEqual(plan.sidecar.policy.routes, [claimed]);
  assert.equal(plan.sidecar.tokens.size, 0);
  assert.match(notes[0] ?? "", /b\.md:\d+: the route for api\.example\.com is not used/);
});

Deno.test("a missing token and a time limit that is none are told before the start", () => {
  const { notes, plan } = planBottle(inputs(AUTHENTICATED, {
    env: (name) => name === "EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS" ? "soon" : undefined,
  }));
  assert.match(
    notes.join("\n"),
    /API_TOKEN is not set: requests to api\.example\.com will be refused/,
  );
  assert.match(notes.join("\n"), /EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS is not a positive number/);
  assert.deepEqual(plan.sidecar.queue, {
    folder: "/home/op/.bot-bottle/queue/a-abcde",
    timeoutSeconds: 300,
  });
});
