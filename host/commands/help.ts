/** Does the command line ask for nothing but help? */
export function asksForHelp(args: readonly string[]): boolean {
  return args.length === 0 ||
    (args.length === 1 && ["--help", "-h", "help"].includes(args[0] ?? ""));
}

/**
 * The help of the program. Made from its description by `deno run -A tests/cli_reference.ts`, so
 * that showing it need not load the library that reads command lines; a test compares the two.
 */
export const HELP: string = [
  "Usage: bot-bottle [options] [command]",
  "",
  "Run any coding agent as if it were already compromised.",
  "",
  "Options:",
  "  --version                 show the version",
  "  --no-color                no colours, whatever the terminal can do",
  "  -h, --help                show help",
  "",
  "Commands:",
  "  start [options] [agent]   start a bottle and run its agent on this terminal",
  "  demo [options]            show what a bottle stops, with a demo agent and local stand-ins",
  "  attach <slug>             join the terminal of a running bottle's agent; Ctrl-] d leaves it",
  "  exec <slug> <command...>  run a program inside a running bottle, as the agent's user",
  "  logs [options] <slug>     show the sidecar's log of a running bottle",
  "  stop <slug>               end a running bottle and remove what it is made of",
  "  cleanup [options]         remove what crashed bottles left on this machine",
  "  supervise                 answer what bottles ask: a held request, for instance",
  "  list [options] [kind]     list agents that can start and bottles that run",
  "  info [options] <agent>    show what an agent would be given: its manifest with its bottles merged",
  "  policy                    try out what a bottle's rules decide, without starting anything",
  "  doctor [options]          check this machine and say how to mend what is wrong; exit 1 on a",
  "                            failure",
  "  schema <kind>             print the JSON Schema of a manifest's frontmatter",
  "  completions <shell>       print a shell's completion script",
  "  help [command]            show help for a command",
  "",
  "Environment:",
  "  BOT_BOTTLE_HOME           manifests and state (default: ~/.bot-bottle)",
  "  BOT_BOTTLE_BACKEND        backend to use when --backend does not say",
  "  BOT_BOTTLE_DRY_RUN=1      as --dry-run",
  "  BOT_BOTTLE_DEBUG=1        show where an error came from",
  "  BOT_BOTTLE_CA_BUNDLE      PEM file with more certificate authorities to trust",
  "  BOT_BOTTLE_EXTRA_HOSTS    fixed addresses for the sidecar: name=address[:port],...",
  "  BOT_BOTTLE_SIDECAR_IMAGE  sidecar image to use instead of building one",
  "  DOCKER_HOST               the container engine to use",
].join("\n") + "\n";
