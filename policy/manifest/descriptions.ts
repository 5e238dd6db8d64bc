/**
 * What each key of a manifest is for, by its path: `[]` stands for each item of a list, `*` for
 * each name of a mapping. Used by the JSON Schemas and by the reference; a test holds it against
 * the schemas, so no key is without a line here and no line without a key.
 */
export type Descriptions = Readonly<Record<string, string>>;

const GIT_USER: Descriptions = {
  "git-gate.user": "Who commits are by.",
  "git-gate.user.name": "Name of the author and committer.",
  "git-gate.user.email": "Address of the author and committer.",
};

/** Keys of a bottle's frontmatter. */
export const BOTTLE_DESCRIPTIONS: Descriptions = Object.freeze({
  "extends": "A bottle that this one stands on, or a list of them; later ones win over earlier.",
  "extends[]": "Name of a bottle.",
  "env": "Environment variables of the agent.",
  "env.*": "A literal; `${VAR}` as the whole value for a variable of the host; or `?question` to " +
    "ask for it at launch.",
  "agent_provider": "Which agent runs, and how. Replaces that of an extended bottle as a whole.",
  "agent_provider.template": "Name of the provider: claude (default), demo, or a plugin.",
  "agent_provider.dockerfile": "Dockerfile of the agent's image instead of the provider's; " +
    "relative to the folder that bot-bottle was started in, `~` expands.",
  "agent_provider.auth_token": "NAME of a host variable with the account's token. The agent sees " +
    "a placeholder.",
  "agent_provider.forward_host_credentials":
    "Use the login of this agent program on the host, for providers that can.",
  "agent_provider.settings": "Settings of the provider, checked by the provider.",
  "git-gate": "Git identity, and the repositories that can be fetched and pushed.",
  ...GIT_USER,
  "git-gate.repos": "Repositories by name; `{}` drops those of extended bottles.",
  "git-gate.repos.*": "One repository; fields that are left out come from an extended bottle.",
  "git-gate.repos.*.url": "`ssh://user@host[:port]/path` or `user@host:path`.",
  "git-gate.repos.*.key": "The SSH key that reaches it; it stays outside the bottle.",
  "git-gate.repos.*.key.provider":
    "`static`: a key file. `gitea`: a deploy key, made at launch and deleted at the end.",
  "git-gate.repos.*.key.path": "With `static`: file of the private key; `~` expands.",
  "git-gate.repos.*.key.forge_token_env":
    "With `gitea`: NAME of a host variable with a token that may manage deploy keys.",
  "git-gate.repos.*.key.api_url": "With `gitea`: address of the forge.",
  "git-gate.repos.*.host_key": "The server's public key, as in known_hosts after the host name. " +
    "Without it git-gate refuses to talk to the server.",
  "egress": "What the bottle may reach over HTTP and HTTPS.",
  "egress.log": "0 nothing, 1 blocks and warnings (default), 2 everything; always redacted.",
  "egress.routes": "The allowed hosts, each once. No list, or an empty one, allows nothing.",
  "egress.routes[]": "One allowed host with its rules.",
  "egress.routes[].host":
    "Name, `*.` before a name for all names below it, or IP address; a port " +
    "may follow. Without one: 443 for https, 80 for http.",
  "egress.routes[].auth": "A credential that the sidecar adds to each request.",
  "egress.routes[].auth.scheme": "First word of the Authorization header.",
  "egress.routes[].auth.token_ref": "NAME of a host variable with the token.",
  "egress.routes[].matches": "Which requests are allowed; any entry may match. Left out: all.",
  "egress.routes[].matches[]": "All kinds that are named must match.",
  "egress.routes[].matches[].paths": "Any of these paths.",
  "egress.routes[].matches[].paths[]": "One path.",
  "egress.routes[].matches[].paths[].type":
    "`prefix` (default) ends between segments, `exact` is the whole path, `regex` is RE2 and " +
    "matches the whole path.",
  "egress.routes[].matches[].paths[].value": "The path without its query.",
  "egress.routes[].matches[].methods": "Any of these methods, in capitals.",
  "egress.routes[].matches[].methods[]": "One method.",
  "egress.routes[].matches[].headers": "All of these headers.",
  "egress.routes[].matches[].headers[]": "One header.",
  "egress.routes[].matches[].headers[].name": "Name; case does not count.",
  "egress.routes[].matches[].headers[].value": "What the value is.",
  "egress.routes[].matches[].headers[].type": "`exact` (default), or `regex` in RE2 syntax.",
  "egress.routes[].git": "What git may do on this host over HTTPS; pushing never.",
  "egress.routes[].git.fetch": "Allow clone and fetch.",
  "egress.routes[].dlp": "Which scans the traffic gets.",
  "egress.routes[].dlp.outbound_detectors":
    "Scans of requests; `false` for none. Left out: token_patterns and known_secrets.",
  "egress.routes[].dlp.outbound_detectors[]": "One detector.",
  "egress.routes[].dlp.inbound_detectors": "Scans of responses; `false` for none. Left out: all.",
  "egress.routes[].dlp.inbound_detectors[]": "One detector.",
  "egress.routes[].dlp.outbound_on_match":
    "What happens to a request in which something is found: `supervise` (default) asks you.",
  "egress.routes[].allow_private":
    "The name may resolve to loopback, link-local, private or metadata addresses.",
});

/** Keys of an agent's frontmatter, without those that are ignored. */
export const AGENT_DESCRIPTIONS: Descriptions = Object.freeze({
  "bottle": "The bottle that the agent runs in unless `--bottle` names others.",
  "skills": "Folders under ~/.claude/skills that the agent gets a copy of.",
  "skills[]": "Name of a skill.",
  "git-gate": "Git identity; it lies over that of the bottle, field by field.",
  ...GIT_USER,
});
