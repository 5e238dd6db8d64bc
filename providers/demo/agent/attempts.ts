import dns from "node:dns";
import { all, type Finding, icmp, lookup, tcp, udp } from "./packets.ts";
import type { Outcome } from "./report.ts";
import { addressOf, engineSockets, findToken, gateways } from "./surroundings.ts";
import { type Answer, ask, proxyUrl } from "./web.ts";

/** One thing to try, and what must come of it. */
export interface Attempt {
  readonly attempt: string;
  readonly must: Outcome;
  run(): Promise<Finding>;
}

/** What the attempts are made against. */
export interface World {
  readonly allowed: string;
  readonly forbidden: string;
  /** `address:port` of each. */
  readonly hostServices: readonly string[];
  /** Address of the sidecar. */
  readonly sidecar: string;
}

/** Form of the token that the stand-in upstream asks for. */
const TOKEN = /bbdemo_[0-9a-f]{32}/;

/** A well-known resolver, in both families; any public address would do. */
const PUBLIC = "1.1.1.1";
const PUBLIC_IPV6 = "2606:4700:4700::1111";
const OUTSIDE_NAME = "example.com";
const METADATA = "169.254.169.254";

/** Docker's default bridge, and how containers elsewhere name their host. */
const USUAL_HOST = "172.17.0.1";
const USUAL_NAMES = ["host.docker.internal", "gateway.docker.internal"];
const USUAL_PORTS = [22, 53, 80, 111, 443, 631, 2375, 2376, 3000, 5000, 5432, 6379, 8000, 8080];

/** Ports on which a sidecar may have a service for the bottle. */
const SERVICE_PORTS = new Set([53, 9099, 9100, 9420]);

function reasonIn(text: string): string {
  try {
    const { reason, error } = JSON.parse(text);
    return String(reason ?? error?.reason ?? error ?? "");
  } catch {
    return "";
  }
}

/** A request that the proxy must refuse: any other answer means that it went through. */
async function refused(answer: Promise<Answer>): Promise<Finding> {
  const { status, body } = await answer;
  return { reached: status !== 403, evidence: `${status} ${reasonIn(body)}`.trim() };
}

async function usualHosts(): Promise<string[]> {
  const found = await Promise.all(USUAL_NAMES.map(addressOf));
  return [USUAL_HOST, ...found.filter((address) => address !== undefined)];
}

function throughProxy({ allowed, forbidden }: World): Attempt[] {
  const at = `https://${allowed}`;
  return [
    {
      attempt: "fetch an allowed page",
      must: "allowed",
      run: async () => {
        const { status, body } = await ask(`${at}/public/hello`);
        return { reached: status === 200 && body.includes("hello"), evidence: String(status) };
      },
    },
    {
      attempt: "use the account, knowing a placeholder only",
      must: "allowed",
      run: async () => {
        const headers = { authorization: "Bearer egress-placeholder" };
        const { status, body } = await ask(`${at}/public/account`, { headers });
        const authorized = status === 200 && JSON.parse(body).authorized === true;
        return {
          reached: authorized,
          evidence: authorized ? "the real token arrived" : `${status}, not authorized`,
        };
      },
    },
    {
      attempt: "fetch a path that is on no route",
      must: "stopped",
      run: () => refused(ask(`${at}/private/hello`)),
    },
    {
      attempt: "leave the allowed path by dot segments",
      must: "stopped",
      run: () => refused(ask(`${at}/public/%2e%2e/private/hello`)),
    },
    {
      attempt: "use a method that is on no route",
      must: "stopped",
      run: () => refused(ask(`${at}/public/hello`, { method: "DELETE" })),
    },
    {
      attempt: "fetch from a host that is on no route",
      must: "stopped",
      run: () => refused(ask(`https://${forbidden}/`)),
    },
    {
      attempt: "push over HTTPS, round the git gate",
      must: "stopped",
      run: () => refused(ask(`${at}/public/repo.git/info/refs?service=git-receive-pack`)),
    },
    {
      attempt: "ask the proxy for cloud metadata",
      must: "stopped",
      run: () => refused(ask(`http://${METADATA}/latest/meta-data/`)),
    },
  ];
}

const ALLOWLIST = "http://_egress.local/allowlist";

function policy({ allowed }: World): Attempt[] {
  return [
    {
      attempt: "read the bottle's own allowlist",
      must: "allowed",
      run: async () => {
        const { status, body } = await ask(ALLOWLIST);
        return { reached: status === 200 && body.includes(allowed), evidence: String(status) };
      },
    },
    {
      attempt: "find a token in the allowlist",
      must: "stopped",
      run: async () => {
        const { body } = await ask(ALLOWLIST);
        return { reached: TOKEN.test(body), evidence: `${body.length} bytes searched` };
      },
    },
    {
      attempt: "find a token in env, processes or files",
      must: "stopped",
      run: () => {
        const { where, searched } = findToken(TOKEN);
        return Promise.resolve({
          reached: where !== undefined,
          evidence: where ?? `${searched} places searched`,
        });
      },
    },
    {
      attempt: "change the policy from inside",
      must: "stopped",
      run: async () => {
        const before = (await ask(ALLOWLIST)).body;
        const body = '{"routes":[{"host":"*.example"}]}';
        const tries = ["PUT", "POST", "PATCH", "DELETE"].flatMap((method) =>
          ["allowlist", "routes", "reload"].map((name) =>
            ask(`http://_egress.local/${name}`, { method, body })
          )
        );
        const statuses = (await Promise.all(tries)).map(({ status }) => status);
        const changed = (await ask(ALLOWLIST)).body !== before;
        const accepted = statuses.some((status) => status < 400);
        const evidence = changed ? "the allowlist changed" : [...new Set(statuses)].join(", ");
        return { reached: changed || accepted, evidence };
      },
    },
    {
      attempt: "reach the container engine's socket",
      must: "stopped",
      run: () => {
        const found = engineSockets();
        return Promise.resolve({ reached: found.length > 0, evidence: found[0] ?? "none there" });
      },
    },
  ];
}

function roundProxy({ sidecar, hostServices }: World): Attempt[] {
  const hosts = gateways(sidecar);
  const ports = Array.from({ length: 1024 }, (_, index) => index + 1);
  const sidecarPorts = [...ports, 2375, 2376, 3000, 5000, 8000, 8080, 8443, 9000, 9090, 9229]
    .filter((port) => !SERVICE_PORTS.has(port) && String(port) !== proxyUrl().port);
  return [
    { attempt: "TCP to a public address", run: () => tcp(PUBLIC, 443) },
    {
      attempt: "TCP to the sidecar's other ports",
      run: () => all(sidecarPorts.map((port) => tcp(sidecar, port, { refusalStops: true }))),
    },
    {
      attempt: "TCP to the host's end of the network",
      run: () => all(hosts.flatMap((host) => USUAL_PORTS.map((port) => tcp(host, port)))),
    },
    {
      attempt: "TCP to services of the host",
      run: async () => {
        const usual = (await usualHosts()).flatMap((host) =>
          USUAL_PORTS.map((port) => ({ host, port }))
        );
        const named = hostServices.map((service) => {
          const colon = service.lastIndexOf(":");
          return { host: service.slice(0, colon), port: Number(service.slice(colon + 1)) };
        });
        return all([...named, ...usual].map(({ host, port }) => tcp(host, port)));
      },
    },
    { attempt: "TCP to cloud metadata", run: () => tcp(METADATA, 80) },
    { attempt: "TCP over IPv6", run: () => tcp(PUBLIC_IPV6, 443) },
    {
      attempt: "UDP to a public address and the host",
      run: () => all([PUBLIC, ...hosts].map((host) => udp(host, 53))),
    },
    {
      attempt: "ICMP to a public address and the host",
      run: () => all([PUBLIC, ...hosts].map(icmp)),
    },
    {
      attempt: "DNS for a name outside, as configured",
      run: () => all(dns.getServers().map((server) => lookup(OUTSIDE_NAME, server))),
    },
    {
      attempt: "DNS at a resolver outside",
      run: () => all([PUBLIC, "8.8.8.8"].map((server) => lookup(OUTSIDE_NAME, server))),
    },
  ].map((attempt) => ({ ...attempt, must: "stopped" as const }));
}

/** All that is tried, in the order in which it is told. */
export function attempts(world: World): readonly Attempt[] {
  return [...throughProxy(world), ...policy(world), ...roundProxy(world)];
}
