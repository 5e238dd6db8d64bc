/** Where the files that a rewritten Dockerfile copies lie in the build context. */
export const HOST_CA_FOLDER = ".bot-bottle-host-ca";

const INSTALLED = "/usr/local/share/ca-certificates/bot-bottle-host";

/** Variables by which the programs that builds run find one more authority, or a whole bundle. */
const TRUST_VARIABLES = [
  "NODE_EXTRA_CA_CERTS",
  "DENO_CERT",
  "npm_config_cafile",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "CARGO_HTTP_CAINFO",
];

/**
 * Inserts lines after each FROM, so that they hold in every stage. Continued lines and here
 * documents are left alone, whatever they begin with.
 */
export function insertAfterFrom(dockerfile: string, inserted: readonly string[]): string {
  if (inserted.length === 0) return dockerfile;
  const result: string[] = [];
  let continued = false;
  let heredoc: string | undefined;
  let inFrom = false;
  for (const line of dockerfile.split("\n")) {
    result.push(line);
    if (heredoc !== undefined) {
      if (line.trim() === heredoc) heredoc = undefined;
      continue;
    }
    if (continued && /^\s*(#|$)/.test(line)) continue;
    if (!continued) inFrom = /^\s*FROM\s/i.test(line);
    continued = /\\\s*$/.test(line) && !/^\s*#/.test(line);
    heredoc = /^\s*(?:RUN|COPY|ADD)\b.*<<-?["']?(\w+)/i.exec(line)?.[1];
    if (inFrom && !continued) {
      result.push(...inserted);
      inFrom = false;
    }
  }
  return result.join("\n");
}

/**
 * Lines that make a build trust the host's authorities: certificates where the distribution's own
 * tool picks them up, a bundle for everything else. Build arguments, not variables: the image
 * itself keeps none of them.
 */
export function trustLines(): string[] {
  const settings = TRUST_VARIABLES.map((name) => `${name}=${INSTALLED}/bundle.pem`);
  return [
    `COPY ${HOST_CA_FOLDER}/certificates/ ${INSTALLED}/`,
    `COPY ${HOST_CA_FOLDER}/apt.conf /etc/apt/apt.conf.d/99bot-bottle-host-ca`,
    `ARG ${settings.join(" ")}`,
  ];
}

/** The files that {@linkcode trustLines} copies, by path in the build context. */
export function trustFiles(pem: string): ReadonlyMap<string, string> {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ??
    [];
  return new Map([
    [`${HOST_CA_FOLDER}/certificates/bundle.pem`, pem],
    [`${HOST_CA_FOLDER}/apt.conf`, `Acquire::https::CaInfo "${INSTALLED}/bundle.pem";\n`],
    ...certificates.map((text, index): [string, string] => [
      `${HOST_CA_FOLDER}/certificates/host-${index + 1}.crt`,
      `${text}\n`,
    ]),
  ]);
}
