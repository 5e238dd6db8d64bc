import assert from "node:assert/strict";
import { gitConfig } from "./git_config.ts";

Deno.test("an identity without fields needs no file", () => {
  assert.equal(gitConfig({ name: undefined, email: undefined }), "");
});

Deno.test("git itself reads back any identity exactly", async () => {
  const file = await Deno.makeTempFile();
  try {
    for (const name of ["Ada", 'Ada "the first" \\ Lovelace', "A # b ; c", "  blanks  "]) {
      await Deno.writeTextFile(file, gitConfig({ name, email: "ada@example.com" }));
      const { stdout } = await new Deno.Command("git", {
        args: ["config", "--file", file, "--null", "--get", "user.name"],
      }).output();
      assert.equal(new TextDecoder().decode(stdout), `${name}\0`);
    }
  } finally {
    await Deno.remove(file);
  }
});
