import { type BottleFile, defineProvider, nodeUser } from "@bot-bottle/cli";

const SCRIPT = `${nodeUser.home}/.greeter/agent.sh`;

/** The agent itself; a real plugin's image would bring it along instead. */
const agent: BottleFile = {
  path: SCRIPT,
  mode: 0o755,
  owner: "root",
  content: `#!/bin/bash
echo "$GREETING, I work in $PWD"
[ -s "$1" ] && echo "My instructions: $(cat "$1")"
shift
[ $# -gt 0 ] && { echo "My task: $*"; exit; }
exec bash
`,
};

/** A greeter: says what it was told and hands over to a shell, or does its one task. */
export default defineProvider({
  name: "greeter",
  description: "Greets, then is a shell",
  settings: {
    greeting: { type: "string", description: "Its first words", default: "Hello" },
  },
  provision: ({ settings, prompt, headlessPrompt }) => {
    const instructions = `${nodeUser.home}/.greeter/instructions.md`;
    const task = headlessPrompt === undefined ? [] : [headlessPrompt];
    return {
      env: { GREETING: settings.greeting },
      files: [agent, { path: instructions, content: prompt, mode: 0o600, owner: "agent" }],
      argv: [SCRIPT, instructions, ...settings.startup_args, ...task],
    };
  },
});
