import { SIDECAR_PORTS } from "./wire/launch.ts";
import type { BottleUser } from "./plan.ts";

/** What the names that every backend sets are computed from. */
export interface BottleEnvInput {
  readonly user: BottleUser;
  /** The plan's own variables; those that a backend sets win over them. */
  readonly env: Readonly<Record<string, string>>;
  /** Name or address by which the bottle reaches the sidecar. */
  readonly sidecar: string;
  /** Path in the bottle of the bottle's own certificate authority alone. */
  readonly caFile: string;
  /** Path in the bottle of the image's roots and that authority together. */
  readonly bundleFile: string;
}

/** Variables by which programs find the whole set of roots that they trust. */
const BUNDLE_VARIABLES = [
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "CODEX_CA_CERTIFICATE",
  "AWS_CA_BUNDLE",
  "PIP_CERT",
  "CARGO_HTTP_CAINFO",
  "npm_config_cafile",
];

/** Variables by which programs find roots to trust besides their own. */
const EXTRA_CA_VARIABLES = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/** Variables that would lead a program round the proxy or to other roots. */
const DROPPED = ["ALL_PROXY", "all_proxy", "FTP_PROXY", "ftp_proxy", "SSL_CERT_DIR"];

/**
 * The complete environment of every process in a bottle, the same on each backend: proxy in both
 * cases of letters, certificate bundles for the common runtimes, identity of the user.
 */
export function bottleEnv(input: BottleEnvInput): Readonly<Record<string, string>> {
  const proxy = `http://${input.sidecar}:${SIDECAR_PORTS.egress}`;
  const noProxy = ["localhost", "127.0.0.1", "::1", input.sidecar].join(",");
  const dropped = new Set(DROPPED);
  const own = Object.entries(input.env).filter(([name]) => !dropped.has(name));
  return Object.freeze({
    LANG: "C.UTF-8",
    ...Object.fromEntries(own),
    HOME: input.user.home,
    USER: input.user.name,
    LOGNAME: input.user.name,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    ...Object.fromEntries(EXTRA_CA_VARIABLES.map((name) => [name, input.caFile])),
    ...Object.fromEntries(BUNDLE_VARIABLES.map((name) => [name, input.bundleFile])),
  });
}
