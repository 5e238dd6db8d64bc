import assert from "node:assert/strict";
import type { Bottle, Stdio, TerminalSize } from "../backends/backend.ts";
import type { BottlePlan } from "../policy/plan.ts";
import { docker, plan, sh, TestHome } from "./docker_bottles.ts";

Deno.test("the docker backend keeps a bottle's contract", async (t) => {
  await using home = new TestHome();
  await using workspace = await makeWorkspace();
  await using bottle = await home.launch((plan) => withWorkspace(plan, workspace.path));

  await t.step(
    "a program runs as the agent's user, in its folder, with its environment",
    async () => {
      const told = await sh(bottle, "id -u; id -g; pwd; echo $GREETING $HTTP_PROXY $HOME $USER");
      assert.equal(
        told,
        "1000\n1000\n/home/node/workspace\nhello there http://sidecar:9099 /home/node node\n",
      );
    },
  );

  await t.step("a program may run as root, without any capability", async () => {
    const { stdout } = await bottle.exec(["sh", "-c", "id -u; grep CapEff /proc/self/status"], {
      user: "root",
    });
    assert.equal(stdout, "0\nCapEff:\t0000000000000000\n");
  });

  await t.step("exit codes and signals pass through", async () => {
    assert.equal((await bottle.exec(["sh", "-c", "exit 42"])).code, 42);
    assert.equal((await bottle.exec(["sh", "-c", "kill -TERM $$"])).code, 143);
    assert.equal((await bottle.exec(["sh", "-c", "kill -KILL $$"])).code, 137);
  });

  await t.step("a program that is not there ends like in a shell", async () => {
    const { code } = await bottle.exec(["no-such-program"]);
    assert.ok(code === 126 || code === 127, `${code}`);
  });

  await t.step("standard input ends and both outputs stay apart", async () => {
    const result = await bottle.exec(["sh", "-c", "cat; echo done; echo oops >&2"], {
      stdin: "some input\n",
    });
    assert.deepEqual(result, { code: 0, stdout: "some input\ndone\n", stderr: "oops\n" });
    assert.equal((await bottle.exec(["cat"])).stdout, "");
  });

  await t.step("output beyond the limit is dropped, not kept", async () => {
    const { code, stdout } = await bottle.exec(["sh", "-c", "yes | head -c 3000000; exit 3"]);
    assert.equal(code, 3);
    assert.equal(stdout.length, 1024 * 1024);
  });

  await t.step("megabytes stream through in both directions without loss", async () => {
    const { code, output } = await run(bottle, ["sh", "-c", "cat"], { input: bigInput() });
    assert.equal(code, 0);
    assert.equal(output.length, 8 * 1024 * 1024);
    assert.ok(output.every((byte, index) => byte === (index >> 16) % 251));
  });

  await t.step("a terminal has its size before the program in it starts, each time", async () => {
    const looks = Array.from({ length: 16 }, async () => {
      const { output } = await run(bottle, ["stty", "size"], {
        terminal: { columns: 91, rows: 27 },
      });
      return new TextDecoder().decode(output).trim();
    });
    assert.deepEqual([...new Set(await Promise.all(looks))], ["27 91"]);
  });

  await t.step("a terminal has the size that is asked for and follows its changes", async () => {
    const script = "stty size; trap 'stty size; exit 7' WINCH; echo waiting; " +
      "i=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done";
    const { code, output } = await run(bottle, ["sh", "-c", script], {
      terminal: { columns: 91, rows: 27 },
      resizeAt: "waiting",
      resizeTo: { columns: 120, rows: 50 },
    });
    const text = new TextDecoder().decode(output);
    assert.match(text, /27 91/);
    assert.match(text, /50 120/);
    assert.equal(code, 7);
  });

  await t.step("aborting ends the program and what it started, and nothing else", async () => {
    const controller = new AbortController();
    const other = bottle.exec(["sleep", "2"]);
    const running = bottle.exec(["sh", "-c", "sleep 301 & (setsid sleep 302 &) ; sleep 303"], {
      signal: controller.signal,
    });
    await until(async () => (await processes(bottle)).includes("sleep 303"));
    controller.abort(new Error("given up"));
    await assert.rejects(running, /given up/);
    await until(async () => !/sleep 30[123]/.test(await processes(bottle)));
    assert.equal((await other).code, 0);
  });

  await t.step(
    "files have the owners and permissions of the plan, without special bits",
    async () => {
      const told = await sh(
        bottle,
        `cd /home/node; stat -c '%U %a %n' .settings .settings/deep .settings/deep/a.json \
         workspace workspace/run.sh workspace/setuid; stat -c '%U %a %n' /etc/rooted; \
       cat .settings/deep/a.json /etc/rooted`,
      );
      assert.equal(
        told,
        "node 755 .settings\nnode 755 .settings/deep\nnode 600 .settings/deep/a.json\n" +
          "node 755 workspace\nnode 750 workspace/run.sh\nnode 755 workspace/setuid\n" +
          "root 444 /etc/rooted\n{}root's",
      );
    },
  );

  await t.step("links stay links, hard links become files and odd names survive", async () => {
    const told = await sh(
      bottle,
      "readlink out; readlink up; stat -c '%F %h' hard; cat 'new\nline'; ls -A | wc -l",
    );
    assert.equal(told, "/etc/passwd\n../../../etc\nregular file 1\nodd10\n");
  });

  await t.step("a file larger than any buffer arrives whole", async () => {
    const sum = (await sh(bottle, "sha256sum < big | cut -d' ' -f1")).trim();
    assert.equal(sum, workspace.bigSum);
  });

  await t.step("files can be copied in later", async () => {
    await bottle.copyIn([
      { path: "/home/node/later/x", content: "late", mode: 0o640, owner: "agent" },
    ]);
    const told = await sh(bottle, "cat /home/node/later/x; stat -c ' %U %a' /home/node/later/x");
    assert.equal(told, "late node 640\n");
  });

  await t.step("another process joins the bottle, with the same environment", async () => {
    const joined = await home.backend.open(bottle.slug);
    assert.equal(await sh(joined, "echo $GREETING; pwd"), "hello there\n/home/node/workspace\n");
    await joined.close();
    assert.equal((await bottle.exec(["true"])).code, 0);
  });

  await t.step("the list tells what runs", async () => {
    const [found] = await home.backend.listActive();
    assert.equal(found?.slug, bottle.slug);
    assert.equal(found?.healthy, true);
    assert.equal(found?.label, "a label");
    assert.deepEqual(found?.services, ["egress", "dns"]);
  });

  await t.step("a reload replaces the routes and the log shows one service's lines", async () => {
    await home.backend.reloadEgress(bottle.slug, "routes: [reloaded]\n");
    await until(async () => (await readLog(home, bottle.slug, "egress")).includes("reloaded"));
    assert.doesNotMatch(await readLog(home, bottle.slug, "egress"), /\[init\]/);
    assert.match(await readLog(home, bottle.slug), /\[init\]/);
  });

  await t.step("closing twice removes everything once", async () => {
    await Promise.all([bottle.close(), bottle.close()]);
    assert.deepEqual(await home.backend.planCleanup(), []);
    assert.deepEqual(await home.backend.listActive(), []);
  });
});

Deno.test("a name in use is refused without touching the bottle that has it", async () => {
  await using home = new TestHome();
  const first = plan();
  await using bottle = await home.launch(() => first);
  await assert.rejects(home.launch(() => first), /already/);
  assert.equal((await bottle.exec(["true"])).code, 0);
});

Deno.test("a setup command that fails ends the launch with its words and leaves nothing", async () => {
  await using home = new TestHome();
  const failing = ["sh", "-c", "echo no luck >&2; exit 9"];
  await assert.rejects(
    home.launch((plan) => ({ ...plan, agent: { ...plan.agent, setup: [failing] } })),
    (error: Error & { hint?: string }) =>
      /ended with 9/.test(error.message) && error.hint === "no luck",
  );
  assert.deepEqual(await home.backend.planCleanup(), []);
});

Deno.test("a workspace's link cannot choose where the launcher's own files land", async () => {
  await using home = new TestHome();
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink("/etc", `${folder}/.settings`);
    await assert.rejects(
      home.launch((plan) => ({
        ...plan,
        agent: {
          ...plan.agent,
          folders: [{ path: "/home/node/workspace", hostPath: folder }],
          files: [{
            path: "/home/node/workspace/.settings/passwd",
            content: "",
            mode: 0o644,
            owner: "agent",
          }],
        },
      })),
      /symbolic link/,
    );
    assert.deepEqual(await home.backend.planCleanup(), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a snapshot keeps the files and none of the environment", async () => {
  await using home = new TestHome();
  await using bottle = await home.launch((plan) => ({
    ...plan,
    agent: { ...plan.agent, env: { HOST_VALUE: "value-of-the-host-93b1" } },
  }));
  await sh(bottle, "echo kept > /home/node/kept");
  const image = await home.backend.freeze(bottle.slug);
  try {
    assert.equal(image, `bot-bottle-committed-${bottle.slug}:latest`);
    assert.doesNotMatch(await docker("image", "inspect", image), /value-of-the-host-93b1/);
    assert.doesNotMatch(await docker("history", "--no-trunc", image), /value-of-the-host-93b1/);
    await using again = await home.launch((plan) => ({
      ...plan,
      image: { ...plan.image, committed: image },
    }));
    assert.equal(await sh(again, "cat /home/node/kept; ls /run/bot-bottle"), "kept\nstay.json\n");
  } finally {
    await bottle.close();
    await docker("image", "rm", "--force", image);
  }
});

interface Workspace extends AsyncDisposable {
  readonly path: string;
  readonly bigSum: string;
}

async function makeWorkspace(): Promise<Workspace> {
  const path = await Deno.makeTempDir();
  await Deno.chmod(path, 0o755);
  await Deno.writeTextFile(`${path}/run.sh`, "echo run");
  await Deno.chmod(`${path}/run.sh`, 0o750);
  await Deno.writeTextFile(`${path}/setuid`, "x");
  await Deno.chmod(`${path}/setuid`, 0o6755);
  await Deno.symlink("/etc/passwd", `${path}/out`);
  await Deno.symlink("../../../etc", `${path}/up`);
  await Deno.link(`${path}/run.sh`, `${path}/hard`);
  await Deno.writeTextFile(`${path}/new\nline`, "odd");
  await Deno.mkdir(`${path}/${"long".repeat(40)}`);
  await Deno.writeTextFile(`${path}/na\u00efve \u2713`, "");
  await new Deno.Command("mkfifo", { args: [`${path}/pipe`] }).output();
  const big = new Uint8Array(40 * 1024 * 1024).map((_, index) => (index * 7919) % 253);
  await Deno.writeFile(`${path}/big`, big);
  const bigSum = new Uint8Array(await crypto.subtle.digest("SHA-256", big)).toHex();
  return { path, bigSum, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function withWorkspace(plan: BottlePlan, hostPath: string): BottlePlan {
  return {
    ...plan,
    agent: {
      ...plan.agent,
      folders: [{ path: "/home/node/workspace", hostPath }],
      files: [
        { path: "/home/node/.settings/deep/a.json", content: "{}", mode: 0o600, owner: "agent" },
        { path: "/etc/rooted", content: "root's", mode: 0o4444, owner: "root" },
      ],
      setup: [["sh", "-c", "test -d /home/node/workspace"]],
    },
  };
}

interface RunOptions {
  readonly input?: ReadableStream<Uint8Array>;
  readonly terminal?: TerminalSize;
  /** Text of the output at which the terminal changes its size. */
  readonly resizeAt?: string;
  readonly resizeTo?: TerminalSize;
}

/** Runs a program as the agent and collects what it writes. */
async function run(
  bottle: Bottle,
  argv: readonly string[],
  { input, terminal, resizeAt = "", resizeTo }: RunOptions,
): Promise<{ code: number; output: Uint8Array }> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let resize: (size: TerminalSize) => void = () => {};
  const sink = (): WritableStream<Uint8Array> =>
    new WritableStream({
      write: (chunk) => {
        chunks.push(new Uint8Array(chunk));
        if (resizeTo && new TextDecoder().decode(chunk).includes(resizeAt)) resize(resizeTo);
      },
    });
  const stdio: Stdio = {
    stdout: sink(),
    stderr: sink(),
    ...(input ? { stdin: input } : {}),
    ...(terminal
      ? { terminal: { size: terminal, onResize: (listener) => resize = listener } }
      : {}),
  };
  const code = await bottle.execAgent(argv, stdio);
  return { code, output: new Uint8Array(await new Blob(chunks).arrayBuffer()) };
}

/** Eight megabytes whose every block differs from the next. */
function bigInput(): ReadableStream<Uint8Array> {
  return ReadableStream.from((function* (): Generator<Uint8Array> {
    for (let block = 0; block < 128; block++) yield new Uint8Array(65536).fill(block % 251);
  })());
}

async function processes(bottle: Bottle): Promise<string> {
  return await sh(bottle, "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done; true");
}

async function readLog(home: TestHome, slug: string, service?: string): Promise<string> {
  const options = { follow: false, ...(service ? { service } : {}) };
  return await new Response(
    home.backend.logs(slug, options) as ReadableStream<Uint8Array<ArrayBuffer>>,
  )
    .text();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error("this did not become true in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
