import assert from "node:assert/strict";
import { looksLikeToken } from "./token_name.ts";

Deno.test("names of variables do not look like tokens", () => {
  const names = [
    "EXAMPLE_TOKEN",
    "BOT_BOTTLE_CLAUDE_OAUTH_TOKEN",
    "GITHUB_ISSUES_TOKEN",
    "gitea_token",
    "hf_token",
    "A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_HOLDS_THE_TOKEN_OF_SERVICE_7",
    "registry.npmjs.org",
    "/home/ada/Projects/2024/notes",
  ];
  for (const name of names) assert.equal(looksLikeToken(name), false, name);
});

Deno.test("credentials look like tokens", () => {
  const tokens = [
    ["ghp", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].join("_"),
    ["github", "pat", "11ABCDEFG0aBcDeFgHiJkL"].join("_"),
    ["sk-ant-oat01", "abcdefghijklmnop"].join("-"),
    ["AKIA", "IOSFODNN7EXAMPLE"].join(""),
    ["glpat", "abcdefghijklmnopqrst"].join("-"),
    "0123456789abcdef0123456789abcdef",
    "Zm9vYmFyYmF6cXV4Q29ycmVjdDEyMw",
  ];
  for (const token of tokens) assert.equal(looksLikeToken(token), true, token);
});
