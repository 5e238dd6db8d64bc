import { atMost, median, type Row } from "./row.ts";

const ROUNDS = 7;
const ROOT = new URL("..", import.meta.url).pathname;

/** Milliseconds to the first byte of output, and from there to the end of the process. */
interface Timing {
  readonly output: number;
  readonly teardown: number;
}

/**
 * `bot-bottle start --headless` with an agent that only prints, against two bare `docker run` of
 * the same two images one after the other: what any container launcher must do. Up to the agent's
 * first output the peer is the two whole runs; after it, what they take from output to exit.
 */
export async function run(): Promise<Row[]> {
  const home = await makeHome();
  try {
    const bottle = (): Promise<Timing> =>
      timed([`${ROOT}bot-bottle`, "start", "bench", "--headless", "--prompt", "hello"], home);
    await bottle();
    const images = await bottleImages();
    const bare = async (): Promise<Timing> => {
      const runs = [];
      for (const image of images) {
        runs.push(
          await timed(["docker", "run", "--rm", "--entrypoint", "echo", image, "hello"], home),
        );
      }
      return runs.reduce((sum, one) => ({
        output: sum.output + one.output,
        teardown: sum.teardown + one.teardown,
      }));
    };
    await bare();
    return await compare(bottle, bare);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function compare(
  bottle: () => Promise<Timing>,
  bare: () => Promise<Timing>,
): Promise<Row[]> {
  const ours: Timing[] = [];
  const peer: Timing[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await bottle());
    peer.push(await bare());
  }
  const whole = ({ output, teardown }: Timing): number => output + teardown;
  const row = (metric: string, own: readonly number[], bare: readonly number[]): Row =>
    atMost(1.3, { bench: "launch", metric, ours: median(own), peer: median(bare), unit: "ms" });
  return [
    row("command to first output", ours.map(({ output }) => output), peer.map(whole)),
    row(
      "last output to exit",
      ours.map((each) => each.teardown),
      peer.map((each) => each.teardown),
    ),
  ];
}

async function timed([command = "", ...args]: string[], home: string): Promise<Timing> {
  const start = performance.now();
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { BOT_BOTTLE_HOME: home },
  }).spawn();
  const complaint = new Response(child.stderr).text();
  let output = NaN;
  let last = NaN;
  for await (const _chunk of child.stdout) {
    last = performance.now();
    if (Number.isNaN(output)) output = last - start;
  }
  const { success } = await child.status;
  if (!success || Number.isNaN(output)) {
    throw new Error(`${command} ${args.join(" ")} failed: ${await complaint}`);
  }
  return { output, teardown: performance.now() - last };
}

/** A home with the example plugin, whose agent prints its prompt and ends. */
async function makeHome(): Promise<string> {
  const home = await Deno.makeTempDir({ prefix: "bot-bottle-bench-" });
  const plugin = `${home}/contrib/greeter`;
  await Promise.all(
    ["bottles", "agents", "contrib/greeter"].map((folder) =>
      Deno.mkdir(`${home}/${folder}`, { recursive: true })
    ),
  );
  await Deno.writeTextFile(
    `${home}/bottles/bench.md`,
    "---\nagent_provider: { template: greeter }\n---\n",
  );
  await Deno.writeTextFile(`${home}/agents/bench.md`, "---\nbottle: bench\n---\n");
  for (const file of ["mod.ts", "Dockerfile"]) {
    await Deno.copyFile(`${ROOT}examples/plugin/${file}`, `${plugin}/${file}`);
  }
  return home;
}

/** The newest agent image of the example plugin and the newest sidecar image. */
async function bottleImages(): Promise<string[]> {
  return await Promise.all(["bot-bottle-greeter", "bot-bottle-sidecar"].map(async (name) => {
    const { stdout } = await new Deno.Command("docker", {
      args: ["image", "ls", "--quiet", name],
    }).output();
    const id = new TextDecoder().decode(stdout).split("\n")[0];
    if (!id) throw new Error(`no image ${name}`);
    return id;
  }));
}
