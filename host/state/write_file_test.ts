import assert from "node:assert/strict";
import { BottleError } from "../errors.ts";
import { ioError } from "./io_error.ts";
import { writeFileAtomically } from "./write_file.ts";

Deno.test("a write that fails leaves the old file and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/target/inside`, { recursive: true });
    await assert.rejects(writeFileAtomically(`${folder}/target`, "text"), BottleError);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["target"]);
    await writeFileAtomically(`${folder}/file`, "old");
    await writeFileAtomically(`${folder}/file`, "new");
    assert.equal(await Deno.readTextFile(`${folder}/file`), "new");
    assert.equal(((await Deno.stat(`${folder}/file`)).mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a full disk, a read-only home and wrong permissions are told in words", () => {
  const told = (code: string): string => {
    return ioError("write x", Object.assign(new Error("os error"), { code })).message;
  };
  assert.deepEqual(["ENOSPC", "EROFS", "EACCES", "EWHATEVER"].map(told), [
    "Cannot write x: the disk is full",
    "Cannot write x: the file system is read-only",
    "Cannot write x: you may not write there",
    "Cannot write x: os error",
  ]);
});

Deno.test("a disk that really is full leaves nothing half-written", async () => {
  const folder = await Deno.makeTempDir();
  const file = JSON.stringify(`${folder}/file`);
  const module = JSON.stringify(new URL("./write_file.ts", import.meta.url).href);
  const program = `import { writeFileAtomically } from ${module};
    await writeFileAtomically(${file}, "x".repeat(1 << 22)).catch((e) => console.log(e.name));`;
  try {
    // A limit on the size of files is the full disk that needs no privilege.
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", 'trap "" XFSZ; ulimit -f 64; exec "$@"', "sh", Deno.execPath(), "eval", program],
    }).output();
    assert.equal(new TextDecoder().decode(stdout).trim(), "BottleError");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
