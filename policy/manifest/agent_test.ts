import assert from "node:assert/strict";
import { type AgentManifest, parseAgent } from "./agent.ts";
import { ManifestError } from "./diagnostic.ts";

function parse(text: string): AgentManifest {
  return parseAgent({ name: "helper", file: "helper.md" }, new TextEncoder().encode(text));
}

function problems(yaml: string): readonly string[] {
  try {
    parse(`---\n${yaml}\n---\n`);
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    return error.diagnostics.map(({ line, keyPath, message, hint }) => {
      return `${line}: ${keyPath}: ${message} (${hint})`;
    });
  }
  return [];
}

Deno.test("an agent is its keys and the text below them", () => {
  const agent = parse(
    "---\nbottle: dev\nskills: [release-notes]\ngit-gate: { user: { name: Bot } }\n---\n\nDo it.\n",
  );
  assert.equal(agent.bottle?.value, "dev");
  assert.equal(agent.bottle?.origin.line, 2);
  assert.deepEqual(agent.skills, ["release-notes"]);
  assert.equal(agent.gitUser.name?.value, "Bot");
  assert.equal(agent.gitUser.email, undefined);
  assert.equal(agent.prompt, "Do it.");
});

Deno.test("an agent may say nothing at all", () => {
  const agent = parse("---\n---\n");
  assert.equal(agent.bottle, undefined);
  assert.equal(agent.prompt, "");
});

Deno.test("a file that serves Claude Code too is accepted, whatever its own keys hold", () => {
  assert.deepEqual(
    problems(
      "name: Helper\ndescription: x\nmodel: opus\ntools: Read, Grep\ncolor: cyan\n" +
        "hooks: { PreToolUse: [{ matcher: Bash }] }\nmcpServers: [a]\nmaxTurns: 3",
    ),
    [],
  );
});

Deno.test("what belongs to a bottle is refused with a word where it goes", () => {
  for (const key of ["env", "egress", "agent_provider", "extends"]) {
    assert.match(problems(`${key}: {}`).join(), /belongs to a bottle/, key);
  }
  assert.match(problems("git-gate: { repos: {} }").join(), /belong to bottles/);
  assert.match(problems("bottles: [a]").join(), /bottle: NAME/);
});

Deno.test("an unknown key lists the agent's own keys only", () => {
  assert.deepEqual(problems("skill: [a]"), [
    "2: skill: `skill` is not a known key (did you mean `skills`? " +
    "allowed here: bottle, skills, git-gate)",
  ]);
});

Deno.test("skills are names, each once", () => {
  assert.match(problems("skills: [../../etc]").join(), /skills\[0\]: is not a name/);
  assert.match(problems("skills: [a, b, a]").join(), /skills\[2\]: is named twice/);
  assert.match(problems("skills: a").join(), /expected a list/);
});
