import assert from "node:assert/strict";
import { ManifestError } from "../../policy/manifest/diagnostic.ts";
import { defineProvider } from "../../providers/define.ts";
import { checkRequest, type Locate, type ProviderRequest } from "./settings.ts";

const painter = defineProvider({
  name: "painter",
  description: "A painter",
  settings: { model: { type: "string", description: "Model", default: "small" } },
  provision: () => ({ argv: ["paint"] }),
});

/** A manifest in which each key stands on the line of its depth. */
const locate: Locate = (path) => ({ file: "dev.md", line: path.length + 1, column: 3 });

function failure(request: Partial<ProviderRequest>): ManifestError {
  try {
    checkRequest(painter, { settings: {}, forwardHostCredentials: false, ...request }, locate);
  } catch (error) {
    assert.ok(error instanceof ManifestError);
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

Deno.test("good settings come back completed", () => {
  const request = { settings: { model: "big" }, forwardHostCredentials: false };
  assert.deepEqual(checkRequest(painter, request, locate), { model: "big", "startup_args": [] });
});

Deno.test("an unknown setting is told at its place, with the one that was probably meant", () => {
  assert.deepEqual(failure({ settings: { modle: "big" } }).diagnostics, [{
    file: "dev.md",
    line: 4,
    column: 3,
    keyPath: "agent_provider.settings.modle",
    message: "is not a setting",
    hint: "did you mean `model`? Allowed here: model, startup_args",
  }]);
});

Deno.test("a bad entry of a list is told with its position", () => {
  const [diagnostic] = failure({ settings: { "startup_args": ["-v", ""] } }).diagnostics;
  assert.equal(diagnostic?.keyPath, "agent_provider.settings.startup_args[1]");
  assert.equal(diagnostic?.message, "must not be empty");
});

Deno.test("credentials that the provider would not use are refused, not ignored", () => {
  const error = failure({ authTokenEnv: "TOKEN", forwardHostCredentials: true });
  assert.deepEqual(error.diagnostics.map(({ keyPath }) => keyPath), [
    "agent_provider.auth_token",
    "agent_provider.forward_host_credentials",
  ]);
});
