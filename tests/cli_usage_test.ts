import assert from "node:assert/strict";
import project from "../deno.json" with { type: "json" };
import { Scene } from "./cli_transcript.ts";

const COMMANDS = [
  "start",
  "demo",
  "attach",
  "exec",
  "logs",
  "stop",
  "cleanup",
  "supervise",
  "list",
  "info",
  "policy",
  "doctor",
  "schema",
  "completions",
];

Deno.test("help goes to standard output, names every command and exits with 0", async () => {
  await using scene = await Scene.create();
  for (const args of [["--help"], ["-h"], ["help"], []]) {
    const { code, stdout, stderr } = await scene.run(args);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} `, "m"));
    for (const later of ["resume", "complete "]) {
      assert.doesNotMatch(stdout, new RegExp(`^  ${later}`, "m"));
    }
  }
});

Deno.test("each command has help on standard output", async () => {
  await using scene = await Scene.create();
  const calls = [...COMMANDS.map((name) => [name, "--help"]), ["policy", "check", "--help"]];
  await Promise.all(calls.map(async (args) => {
    const { code, stdout, stderr } = await scene.run(args);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    assert.match(stdout, new RegExp(`^Usage: bot-bottle ${args.slice(0, -1).join(" ")} `));
  }));
});

Deno.test("the version is the project's", async () => {
  await using scene = await Scene.create();
  assert.deepEqual(await scene.run(["--version"]), {
    code: 0,
    stdout: `${project.version}\n`,
    stderr: "",
  });
});

Deno.test("a wrong command line exits with 2, says what is wrong and what may be meant", async () => {
  await using scene = await Scene.create();
  const cases: [args: string[], message: string, hint: string][] = [
    [["lst"], "unknown command 'lst'", "did you mean list?"],
    [["start", "--bakend", "x"], "unknown option '--bakend'", "did you mean --backend?"],
    [["stop"], "missing required argument 'slug'", "bot-bottle --help shows what there is"],
    [
      ["list", "everything"],
      "command-argument value 'everything' is invalid for argument 'kind'. Allowed choices are " +
      "available, active",
      "bot-bottle --help shows what there is",
    ],
    [["info", "a", "b"], "too many arguments for 'info'. Expected 1 argument but got 2: a, b", ""],
    [["logs", "x", "--service"], "option '--service <name>' argument missing", ""],
    [["exec", "slug", "ls", "-la"], "unknown option '-la'", ""],
  ];
  await Promise.all(cases.map(async ([args, message, hint]) => {
    const { code, stdout, stderr } = await scene.run(args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    const [first, second] = stderr.split("\n");
    assert.equal(first, `bot-bottle: error: Cannot read the command line: ${message}`);
    if (hint !== "") assert.equal(second, `bot-bottle: hint: ${hint}`);
  }));
});

Deno.test("what a command line repeats from hostile text cannot reach the terminal", async () => {
  await using scene = await Scene.create();
  const { code, stderr } = await scene.run(["\x1b]0;owned\x07\u202e\nbot-bottle: info: fine"]);
  assert.equal(code, 2);
  assert.equal(stderr.split("\n").length, 3);
  assert.match(stderr, /unknown command '\\u\{1b\}\]0;owned\\u\{7\}\\u\{202e\}/);
});

Deno.test("without any home the program says what to set", async () => {
  await using scene = await Scene.create();
  const { code, stderr } = await scene.run(["list"], { env: { BOT_BOTTLE_HOME: "", HOME: "" } });
  assert.equal(code, 2);
  assert.match(
    stderr,
    /neither BOT_BOTTLE_HOME nor HOME is set\nbot-bottle: hint: set BOT_BOTTLE_/,
  );
});

Deno.test("a closed pipe ends the program without a word", async () => {
  await using scene = await Scene.create();
  const [program, ...args] = scene.argv("--help");
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", '"$@" | true; sleep 0.1', "sh", program, ...args],
    env: scene.environment(),
    stdin: "null",
  }).output();
  assert.deepEqual([stdout.length, new TextDecoder().decode(stderr)], [0, ""]);
});

Deno.test("a stack is shown only when debugging", async () => {
  await using scene = await Scene.create({ "state": "a file where a folder belongs" });
  const plain = await scene.run(["stop", "dev"]);
  assert.equal(plain.code, 1);
  const debug = await scene.run(["stop", "dev"], { env: { BOT_BOTTLE_DEBUG: "1" } });
  assert.equal(debug.code, 1);
  assert.match(debug.stderr, /^\s+at .+:\d+:\d+\)?$/m);
  assert(debug.stderr.startsWith(plain.stderr));
});

Deno.test("Ctrl-C ends a command that only looks at once, even while an engine is silent", async () => {
  await using scene = await Scene.create();
  const path = `${scene.folder}/silent.sock`;
  using listener = Deno.listen({ transport: "unix", path });
  const [program, ...args] = scene.argv("list", "active");
  const child = new Deno.Command(program, {
    args,
    env: scene.environment({ DOCKER_HOST: `unix://${path}` }),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  using _connection = await listener.accept();
  const started = Date.now();
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert(Date.now() - started < 2000);
});
