import https from "node:https";
import type { AddressInfo } from "node:net";
import { createTestAuthority } from "../tests/doubles/tls.ts";
import { Operator } from "../tests/operator.ts";
import { median, type Row } from "./row.ts";

const HOST = "stream.example";
const REQUESTS = 40;

/** Prints the milliseconds from each request to the first byte of its answer's body. */
const SCRIPT = `
  (async () => {
    const times = [];
    for (let round = 0; round < ${REQUESTS}; round++) {
      const start = performance.now();
      const response = await fetch(process.env.TARGET);
      const reader = response.body.getReader();
      await reader.read();
      times.push(performance.now() - start);
      while (!(await reader.read()).done);
    }
    console.log(JSON.stringify(times));
  })();
`;

/**
 * The time to the first byte of a streamed answer inside a bottle, against the same program in a
 * bare container that talks to the same server directly.
 */
export async function run(): Promise<Row[]> {
  await using operator = await Operator.create();
  const authority = await createTestAuthority();
  const address = await operator.backend.hostAddress();
  const identity = await authority.issue(HOST);
  const server = https.createServer(identity, (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: first\n\n");
    setTimeout(() => response.end("data: last\n\n"), 10);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const authorityFile = `${operator.userHome}/authority.pem`;
    await Deno.writeTextFile(authorityFile, authority.certPem);
    await operator.installShellAgent({ routes: [{ host: HOST }] });
    const bottle = await inBottle(operator, { address, port, authorityFile });
    const bare = await inContainer({ address, port, authorityFile });
    return [compare(bottle, bare)];
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

interface Target {
  readonly address: string;
  readonly port: number;
  readonly authorityFile: string;
}

async function inBottle(
  operator: Operator,
  { address, port, authorityFile }: Target,
): Promise<number[]> {
  const script = `NODE_USE_ENV_PROXY=1 TARGET=https://${HOST}/ node -e "$(echo ${
    btoa(SCRIPT)
  } | base64 -d)"`;
  const { stdout, stderr, code } = await operator.run(
    ["start", "shell", "--headless", "--prompt", script],
    {
      env: {
        BOT_BOTTLE_EXTRA_HOSTS: `${HOST}=${address}:${port}`,
        BOT_BOTTLE_CA_BUNDLE: authorityFile,
      },
    },
  );
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function inContainer({ address, port, authorityFile }: Target): Promise<number[]> {
  const { stdout, stderr, success } = await new Deno.Command("docker", {
    args: [
      ...["run", "--rm", "--add-host", `${HOST}:${address}`],
      ...["--volume", `${authorityFile}:/authority.pem:ro`],
      ...["--env", "NODE_EXTRA_CA_CERTS=/authority.pem"],
      ...["--env", `TARGET=https://${HOST}:${port}/`],
      ...["node:22-slim", "node", "-e", SCRIPT],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function compare(bottle: readonly number[], bare: readonly number[]): Row {
  const [ours, peer] = [median(bottle), median(bare)];
  return {
    bench: "first_byte",
    metric: "request to first streamed byte",
    ours,
    peer,
    value: ours / peer,
    unit: "ms",
    aim: "<= 1.2 times and 2 ms",
    met: ours <= 1.2 * peer + 2,
  };
}
