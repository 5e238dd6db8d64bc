import assert from "node:assert/strict";
import type { EnvValue } from "../../policy/manifest/env_value.ts";
import { resolveEnvironment } from "./environment.ts";

const DECLARED = new Map<string, EnvValue>([
  ["EDITOR", { kind: "literal", value: "vi" }],
  ["API_URL", { kind: "host", variable: "HOST_API_URL" }],
  ["PIN", { kind: "prompt", question: "Enter the PIN" }],
]);

function host(values: Record<string, string>): (name: string) => string | undefined {
  return (name) => values[name];
}

Deno.test("literals, host variables and answers become values", async () => {
  const asked: string[] = [];
  const ask = (question: string): Promise<string> => {
    asked.push(question);
    return Promise.resolve("1234");
  };
  const env = host({ HOST_API_URL: "https://api.example.com" });
  assert.deepEqual(await resolveEnvironment(DECLARED, { env, ask }), {
    EDITOR: "vi",
    API_URL: "https://api.example.com",
    PIN: "1234",
  });
  assert.deepEqual(asked, ["Enter the PIN"]);
});

Deno.test("without a person the host's variable of that name answers, or the start ends", async () => {
  const env = host({ HOST_API_URL: "x", PIN: "5678" });
  assert.equal((await resolveEnvironment(DECLARED, { env }))["PIN"], "5678");
  await assert.rejects(
    resolveEnvironment(DECLARED, { env: host({ HOST_API_URL: "x" }) }),
    /Cannot set PIN/,
  );
});

Deno.test("an unset host variable is an error that names both variables", async () => {
  const ask = (): Promise<string> => Promise.resolve("");
  await assert.rejects(
    resolveEnvironment(DECLARED, { env: host({}), ask }),
    /Cannot set API_URL: the host has no variable HOST_API_URL/,
  );
});
