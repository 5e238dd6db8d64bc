/** Text of the agent's ~/.gitconfig with its identity; empty when there is none to write. */
export function gitConfig(
  user: { readonly name: string | undefined; readonly email: string | undefined },
): string {
  const lines = Object.entries(user).flatMap(([key, value]) =>
    value === undefined ? [] : [`\t${key} = ${quote(value)}`]
  );
  return lines.length === 0 ? "" : `[user]\n${lines.join("\n")}\n`;
}

/** git-config(1), "Syntax": quotes keep `#`, `;` and outer blanks; backslash and quote escape. */
function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}
