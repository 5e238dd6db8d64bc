import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import type { Bottle } from "../backends/backend.ts";
import { CA_KEY, docker, sh, TestHome, TOKEN } from "./docker_bottles.ts";

/** Tries to open a TCP connection from inside and tells how that went. */
const CONNECT = `
const [host, port] = process.argv.slice(1);
const socket = require("node:net").connect({ host, port: Number(port), timeout: 500 });
socket.on("connect", () => { console.log("connected"); process.exit(0); });
socket.on("error", (error) => { console.log(error.code); process.exit(0); });
socket.on("timeout", () => { console.log("timeout"); process.exit(0); });
`;

/** Sends a datagram from inside, to whatever address. */
const SEND = `
const [host, port] = process.argv.slice(1);
const socket = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
socket.on("error", () => process.exit(0));
socket.send("from the bottle", Number(port), host, () => setTimeout(() => process.exit(0), 300));
`;

/** Tells whether a raw socket can be had, and which addresses answer to an echo request. */
const PING = `
socket(RAW, AF_INET, SOCK_RAW, 1) or print "raw: $!\\n";
socket(PING, AF_INET, SOCK_DGRAM, 1) or exit;
for my $host (@ARGV) {
  send(PING, pack("CCnnn", 8, 0, 0, 0, 1), 0, sockaddr_in(0, inet_aton($host))) or next;
  my $ready = ""; vec($ready, fileno(PING), 1) = 1;
  print "$host answers\\n" if select($ready, undef, undef, 0.5) && defined recv(PING, my $b, 99, 0);
}
`;

/** Asks one resolver for one name. */
const RESOLVE = `
const resolver = new (require("node:dns").promises.Resolver)({ timeout: 700, tries: 1 });
const [name, server] = process.argv.slice(1);
if (server) resolver.setServers([server]);
resolver.resolve4(name).then((found) => console.log(found.join()), (error) => console.log(error.code));
`;

async function node(bottle: Bottle, script: string, ...args: string[]): Promise<string> {
  return (await bottle.exec(["node", "-e", script, ...args])).stdout.trim();
}

/** The host's own addresses, and those that it has on every bridge. */
function hostAddresses(): string[] {
  return Deno.networkInterfaces().filter(({ family }) => family === "IPv4").map(({ address }) =>
    address
  ).filter((address) => !address.startsWith("127."));
}

/** The first address of the bottle's own network, where the host's end of a bridge usually is. */
async function gateway(bottle: Bottle): Promise<string> {
  const own = await node(bottle, "console.log(require('os').networkInterfaces().eth0[0].address)");
  const [a, b, c, d] = own.split(".").map(Number);
  return `${a}.${b}.${c}.${Number(d) - 2}`;
}

Deno.test("a hostile agent does not get out of a docker bottle", async (t) => {
  await using home = new TestHome();
  await using bottle = await home.launch();
  await using other = await home.launch();
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = listener.addr;
  let accepted = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      accepted++;
      connection.close();
    }
  })().catch(() => {});
  const host = await gateway(bottle);

  await t.step("the sidecar's proxy is what can be reached", async () => {
    assert.equal(await node(bottle, CONNECT, "sidecar", "9099"), "connected");
  });

  await t.step("no address of the host answers, neither on its bridge nor elsewhere", async () => {
    for (const address of [host, ...hostAddresses()]) {
      assert.notEqual(await node(bottle, CONNECT, address, String(port)), "connected", address);
    }
    assert.equal(accepted, 0);
  });

  await t.step("the metadata address and the world beyond do not answer", async () => {
    for (const address of ["169.254.169.254", "198.51.100.7", "203.0.113.9"]) {
      assert.notEqual(await node(bottle, CONNECT, address, "80"), "connected", address);
    }
  });

  await t.step("no datagram reaches the host", async () => {
    const heard: string[] = [];
    const socket = createSocket("udp4", (message) => heard.push(String(message)));
    const bound = Promise.withResolvers<void>();
    socket.bind(0, "0.0.0.0", () => bound.resolve());
    await bound.promise;
    const targets = [host, "255.255.255.255", ...hostAddresses()];
    await Promise.all(
      targets.map((address) => node(bottle, SEND, address, String(socket.address().port))),
    );
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    assert.deepEqual(heard, []);
  });

  await t.step("there is no IPv6, not even a link-local address", async () => {
    assert.equal(await sh(bottle, "cat /proc/net/if_inet6"), "");
    const outcome = await node(bottle, CONNECT, "fe80::1%eth0", String(port));
    assert.notEqual(outcome, "connected");
    assert.notEqual(await node(bottle, CONNECT, "::1", String(port)), "connected");
  });

  await t.step("raw sockets are refused and a ping gets no answer", async () => {
    const told = await bottle.exec(["perl", "-MSocket", "-e", PING, host, ...hostAddresses()]);
    assert.equal(told.stdout, "raw: Operation not permitted\n");
  });

  await t.step("another bottle's agent and sidecar do not answer", async () => {
    const own = await node(
      other,
      "console.log(require('os').networkInterfaces().eth0[0].address)",
    );
    const sidecar = own.replace(/\d+$/, (last) => String(Number(last) - 1));
    const egress = await docker(
      "inspect",
      "--format",
      "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}",
      `bot-bottle-${other.slug}-sidecar`,
    );
    for (const address of [own, sidecar, ...egress.split(" ")]) {
      assert.notEqual(await node(bottle, CONNECT, address, "9099"), "connected", address);
    }
  });

  await t.step("one bottle's sidecar does not reach another's over their ways out", async () => {
    const neighbour = `bot-bottle-${other.slug}-sidecar`;
    const [network] = JSON.parse(
      await docker("network", "inspect", `bot-bottle-${other.slug}-egress`),
    );
    const [endpoint] = Object.values<{ IPv4Address: string }>(network.Containers);
    const address = (endpoint?.IPv4Address ?? "").replace(/\/.*/, "");
    const listen = `require("node:net").createServer().listen(9098, "0.0.0.0", () => {
      require("node:net").connect(9098, "${address}", () => console.log("self"));
    }); setTimeout(() => process.exit(0), 2500)`;
    const listening = docker("exec", neighbour, "node", "-e", listen);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const container = `bot-bottle-${bottle.slug}-sidecar`;
    const told = await docker("exec", container, "node", "-e", CONNECT, address, "9098");
    assert.notEqual(told, "connected");
    assert.equal(await listening, "self");
  });

  await t.step("the sidecar forwards no packet from the bottle", async () => {
    const container = `bot-bottle-${bottle.slug}-sidecar`;
    assert.equal(await docker("exec", container, "cat", "/proc/sys/net/ipv4/ip_forward"), "0");
  });

  await t.step("its way out leads through its own network", async () => {
    const routes = await docker(
      "exec",
      `bot-bottle-${bottle.slug}-sidecar`,
      "cat",
      "/proc/net/route",
    );
    const [line = ""] = routes.split("\n").filter((one) => one.split("\t")[1] === "00000000");
    const inspected = JSON.parse(
      await docker("network", "inspect", `bot-bottle-${bottle.slug}-egress`),
    );
    const way = (line.split("\t")[2] ?? "").match(/../g)?.reverse().map((byte) =>
      parseInt(byte, 16)
    );
    assert.equal(way?.join("."), inspected[0].IPAM.Config[0].Gateway ?? way?.join("."));
  });

  await t.step(
    "the agent has no capability, no new privileges and no way to a new namespace",
    async () => {
      const status = await sh(bottle, "cat /proc/self/status");
      assert.match(status, /CapBnd:\t0+\n/);
      assert.match(status, /NoNewPrivs:\t1\n/);
      assert.match(status, /Seccomp:\t2\n/);
      assert.notEqual((await bottle.exec(["unshare", "-Urn", "true"])).code, 0);
      assert.notEqual((await bottle.exec(["mount", "-t", "tmpfs", "x", "/mnt"])).code, 0);
    },
  );

  await t.step("a setuid program gives nothing", async () => {
    assert.equal(await sh(bottle, "setuid-sh -p -c 'id -u'"), "1000\n");
  });

  await t.step("root inside cannot change the network or the kernel's settings", async () => {
    const script = "echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || " +
      "ip addr add 10.0.0.9/24 dev eth0 || mknod /tmp/d b 8 0 || chown 0 /home/node";
    const { code } = await bottle.exec(["sh", "-c", script], { user: "root" });
    assert.notEqual(code, 0);
  });

  await t.step("nothing of the host is mounted, least of all the engine's socket", async () => {
    assert.equal(
      await sh(
        bottle,
        "find / -xdev -type s 2>/dev/null; ls /var/run/docker.sock 2>/dev/null; true",
      ),
      "",
    );
    const mounts = JSON.parse(await docker("inspect", `bot-bottle-${bottle.slug}-agent`))[0].Mounts;
    assert.deepEqual(mounts, []);
  });

  await t.step("the first process runs as the agent and only sleeps", async () => {
    assert.equal(await sh(bottle, "stat -c %u /proc/1"), "1000\n");
    const told = await sh(
      bottle,
      "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done",
    );
    assert.match(told, /sleep infinity/);
  });

  await t.step("no secret shows in containers, networks, images or logs", async () => {
    const [agent, sidecar] = [
      `bot-bottle-${bottle.slug}-agent`,
      `bot-bottle-${bottle.slug}-sidecar`,
    ];
    const texts = await Promise.all([
      docker("inspect", agent, sidecar),
      docker("network", "inspect", `bot-bottle-${bottle.slug}-internal`),
      docker("history", "--no-trunc", await docker("inspect", "--format", "{{.Image}}", agent)),
      docker("history", "--no-trunc", await docker("inspect", "--format", "{{.Image}}", sidecar)),
      docker("logs", sidecar),
      docker("top", sidecar, "-eo", "pid,args"),
    ]);
    for (const text of texts) {
      assert.ok(!text.includes(TOKEN) && !text.includes(CA_KEY));
    }
    const found = await bottle.exec([
      "grep",
      "-rlE",
      `${TOKEN}|${CA_KEY}`,
      "/etc",
      "/home",
      "/run",
      "/tmp",
    ], {
      user: "root",
    });
    assert.equal(found.stdout, "");
  });

  listener.close();
  await accepting;
});

Deno.test("no query for a name leaves the machine from a docker bottle", async (t) => {
  await using home = new TestHome();
  await using bottle = await home.launch();
  const name = `q${crypto.randomUUID().slice(0, 8)}.example.com`;

  await t.step("the sidecar's names resolve", async () => {
    const lookup =
      "require('dns').lookup('sidecar', (error, found) => console.log(error ?? found))";
    assert.match(await node(bottle, lookup), /^[0-9.]+$/);
  });

  await t.step("the engine's resolver has nobody to ask but the sidecar", async () => {
    const container = `bot-bottle-${bottle.slug}-agent`;
    const text = await docker("inspect", "--format", "{{json .HostConfig.Dns}}", container);
    const [server] = JSON.parse(text);
    const own = await node(
      bottle,
      "console.log(require('os').networkInterfaces().eth0[0].address)",
    );
    assert.equal(server, own.replace(/\d+$/, (last) => String(Number(last) - 1)));
  });

  await t.step("random names get no answer from any resolver", async () => {
    const host = await gateway(bottle);
    const named = (await Deno.readTextFile("/etc/resolv.conf")).match(/(?<=^nameserver )\S+/gm) ??
      [];
    for (
      const server of [
        "",
        "127.0.0.11",
        "127.0.0.53",
        host,
        "8.8.8.8",
        ...named,
        ...hostAddresses(),
      ]
    ) {
      assert.doesNotMatch(await node(bottle, RESOLVE, name, server), /^[0-9.,]+$/, server);
    }
  });

  await t.step("a query to the engine's resolver is heard by the sidecar at most", async () => {
    const heard = await resolverHears(bottle, name);
    assert.deepEqual(heard.filter(({ to }) => to !== "sidecar"), []);
  });
});

/** Asks for a name while a resolver listens on every address of the host at the usual port. */
async function resolverHears(bottle: Bottle, name: string): Promise<{ to: string }[]> {
  const heard: { to: string }[] = [];
  const sockets = await Promise.all(
    hostAddresses().concat("127.0.0.1").map(async (address) => {
      const socket = createSocket("udp4", () => heard.push({ to: address }));
      const bound = Promise.withResolvers<boolean>();
      socket.once("error", () => bound.resolve(false));
      socket.bind(53, address, () => bound.resolve(true));
      return await bound.promise ? [socket] : [];
    }),
  );
  await node(bottle, RESOLVE, name, "127.0.0.11");
  await Promise.all(
    sockets.flat().map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
  );
  return heard;
}
