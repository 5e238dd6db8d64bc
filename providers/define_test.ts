import assert from "node:assert/strict";
import { defineProvider, nodeUser } from "./define.ts";
import type { ProviderContext } from "./provider.ts";

const shell = defineProvider({
  name: "shell",
  description: "A plain shell",
  settings: { greeting: { type: "string", description: "Printed first", default: "hello" } },
  provision: ({ settings, workdir }) => ({
    argv: ["bash", ...settings.startup_args],
    env: { GREETING: settings.greeting, WHERE: workdir },
  }),
});

const context: ProviderContext = {
  settings: { greeting: "hi", "startup_args": ["-l"] },
  forwardHostCredentials: false,
  workdir: "/home/node",
  prompt: "",
  resume: false,
  remoteControl: false,
};

Deno.test("a defined provider has all members, with the usual values for what was left out", () => {
  assert.equal(shell.user, nodeUser);
  assert.equal(shell.skillsDirectory, "/home/node/skills");
  assert.deepEqual(shell.parseSettings({}), {
    ok: true,
    value: { greeting: "hello", "startup_args": [] },
  });
});

Deno.test("what a defined provider does not provision is empty", () => {
  assert.deepEqual(shell.provision(context), {
    routes: [],
    env: { GREETING: "hi", WHERE: "/home/node" },
    files: [],
    setup: [],
    argv: ["bash", "-l"],
  });
});
