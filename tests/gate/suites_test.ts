import assert from "node:assert/strict";
import { groupSuites, narrow } from "./suites.ts";

const FILES = [
  "backends/docker/subnets_test.ts",
  "policy/slug_test.ts",
  "tests/architecture_test.ts",
  "tests/docker_escape_test.ts",
  "tests/e2e_claude_test.ts",
  "tests/gate/tally_test.ts",
];

Deno.test("suites run from fast to slow, the policy core first and without permissions", () => {
  const suites = groupSuites(FILES);
  assert.deepEqual(suites.map(({ name, kind }) => `${kind} ${name}`), [
    "unit policy units",
    "unit units",
    "integration tests/architecture_test.ts",
    "integration tests/docker_escape_test.ts",
    "e2e tests/e2e_claude_test.ts",
  ]);
  assert.deepEqual(suites[0]?.permissions.filter((flag) => !flag.startsWith("--ignore-env=")), []);
  assert.deepEqual(suites[1]?.files, [
    "backends/docker/subnets_test.ts",
    "tests/gate/tally_test.ts",
  ]);
});

Deno.test("only unit tests run beside each other", () => {
  for (const suite of groupSuites(FILES)) assert.equal(suite.parallel, suite.kind === "unit");
});

Deno.test("a filter takes files by their path, else tests by their name", () => {
  const byFile = narrow(groupSuites(FILES), "docker");
  assert.deepEqual(byFile.suites.flatMap(({ files }) => files), [
    "backends/docker/subnets_test.ts",
    "tests/docker_escape_test.ts",
  ]);
  assert.equal(byFile.name, undefined);
  const byName = narrow(groupSuites(FILES), "points inward");
  assert.equal(byName.suites.length, 5);
  assert.equal(byName.name, "points inward");
});
