import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProvider } from "../host/providers/load.ts";
import {
  buildImage,
  docker,
  dockerLogs,
  makeInnerNetwork,
  startContainer,
} from "./provider_container.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A home with the example as its one plugin. */
async function withGreeter(use: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  const folder = join(home, "contrib", "greeter");
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const name of ["mod.ts", "Dockerfile"]) {
      await Deno.copyFile(join(ROOT, "examples", "plugin", name), join(folder, name));
    }
    await use(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** What a program that loads the plugin prints of it; `program` is the address of this project. */
async function loadElsewhere(
  { program, home, flags }: { program: string; home: string; flags: readonly string[] },
): Promise<string> {
  const script = join(home, "load.ts");
  await Deno.writeTextFile(
    script,
    `const { loadProvider } = await import(${JSON.stringify(`${program}host/providers/load.ts`)});
const { source, name } = await loadProvider("greeter", { home: ${JSON.stringify(home)} });
console.log(name, source);`,
  );
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "--allow-all", ...flags, script],
    cwd: home,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return decoder.decode(stdout).trim();
}

Deno.test("the example plugin loads and says what it wants", async () => {
  await withGreeter(async (home) => {
    const greeter = await loadProvider("greeter", { home });
    const parsed = greeter.parseSettings({ greeting: "Good day" });
    assert.ok(parsed.ok);
    const { argv, env, files } = greeter.provision({
      settings: parsed.value,
      forwardHostCredentials: false,
      workdir: "/home/node",
      prompt: "Be polite.",
      headlessPrompt: "count to three",
      resume: false,
      remoteControl: false,
    });
    assert.deepEqual(env, { GREETING: "Good day" });
    assert.equal(argv.at(-1), "count to three");
    assert.ok(files.some(({ content }) => content === "Be polite."));
    assert.match(greeter.dockerfile, /^FROM /);
  });
});

Deno.test("the example plugin's agent does its task in its own image", async () => {
  await withGreeter(async (home) => {
    const greeter = await loadProvider("greeter", { home });
    const parsed = greeter.parseSettings({});
    assert.ok(parsed.ok);
    await using network = await makeInnerNetwork();
    await using container = await startContainer({
      provider: greeter,
      provisioning: greeter.provision({
        settings: parsed.value,
        forwardHostCredentials: false,
        workdir: "/home/node",
        prompt: "Be polite.",
        headlessPrompt: "count to three",
        resume: false,
        remoteControl: false,
      }),
      image: await buildImage(greeter),
      network: network.name,
      workdir: "/home/node",
      env: {},
      terminal: false,
    });
    assert.equal(await docker(["wait", container.name]), "0");
    assert.deepEqual((await dockerLogs(container.name)).trim().split("\n"), [
      "Hello, I work in /home/node",
      "My instructions: Be polite.",
      "My task: count to three",
    ]);
  });
});

Deno.test("a plugin finds the program's helpers when that runs with its own configuration", async () => {
  await withGreeter(async (home) => {
    const flags = ["--config", join(ROOT, "deno.json")];
    const printed = await loadElsewhere({
      program: new URL("..", import.meta.url).href,
      home,
      flags,
    });
    assert.equal(printed, `greeter ${join(home, "contrib", "greeter", "mod.ts")}`);
  });
});

/** Serves the project's text files, as a web server would that the program is run from. */
function serveProject(): { readonly url: string; readonly close: () => Promise<void> } {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const path = join(ROOT, new URL(request.url).pathname);
      if (relative(ROOT, path).startsWith("..")) return new Response(null, { status: 404 });
      try {
        const type = path.endsWith(".ts") ? "application/typescript" : "text/plain";
        return new Response(await Deno.readFile(path), { headers: { "content-type": type } });
      } catch {
        return new Response(null, { status: 404 });
      }
    },
  );
  return { url: `http://127.0.0.1:${server.addr.port}/`, close: () => server.shutdown() };
}

Deno.test("a plugin finds the program's helpers when that runs from a URL", async () => {
  const { url, close } = serveProject();
  try {
    await withGreeter(async (home) => {
      const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
      const { "@bot-bottle/cli": _, ...libraries } = imports;
      const map = join(home, "libraries.json");
      await Deno.writeTextFile(map, JSON.stringify({ imports: libraries }));
      const flags = ["--no-config", "--import-map", map];
      const printed = await loadElsewhere({ program: url, home, flags });
      assert.equal(printed, `greeter ${join(home, "contrib", "greeter", "mod.ts")}`);
    });
  } finally {
    await close();
  }
});
