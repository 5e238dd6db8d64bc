import { join } from "node:path";
import type { Step } from "../doubles/models/job.ts";

/** A job of many turns, by name; each makes the conversation longer. */
export function jobsIn(workspace: string): ReadonlyMap<string, readonly Step[]> {
  const at = (path: string): string => join(workspace, path);
  const shell = (command: string): Step => ({ do: "shell", command });
  return new Map<string, readonly Step[]>([
    ["farewell", [
      shell("ls -la . src docs vendor && git log --stat | head -c 8000"),
      { do: "read", path: at("README.md") },
      { do: "read", path: at("src/greeting.js") },
      {
        do: "edit",
        path: at("src/greeting.js"),
        from: "  return `hello ${name}`;",
        to: "  return `goodbye ${name}`;",
      },
      shell("sh run-tests.sh"),
      { do: "read", path: at("package-lock.json") },
      { do: "read", path: at("assets/logo.png") },
      shell("base64 assets/logo.png | head -c 24000"),
      shell("head -c 24000 vendor/jquery.min.js"),
      shell("git diff; git log -p --no-color | head -c 24000"),
      { do: "write", path: at("NOTES.md"), content: "The greeter says goodbye now." },
    ]],
    ["review", [
      { do: "read", path: at("docs/tokens.md") },
      { do: "read", path: at("docs/configuration.md") },
      shell("head -c 20000 docs/payments.md"),
      shell("head -c 20000 docs/http.md; head -c 9000 docs/keys.md"),
      shell("cat infra/known_hosts infra/compose.yaml .env.example"),
      shell("head -c 28000 vendor/bootstrap.min.css.map"),
      shell("tail -c 28000 vendor/lodash.js"),
      shell("head -c 28000 vendor/bootstrap.bundle.min.js | base64 -w 0"),
      shell("sha256sum vendor/* docs/*; git rev-list --objects --all; md5sum src/*"),
      shell("openssl genrsa 2048 2>/dev/null | openssl rsa -pubout 2>/dev/null; env | sort"),
      shell(
        "gzip -c docs/http.md | base64; od -An -v -tx1 assets/logo.png | tr -d ' ' | head -c 9000",
      ),
      { do: "write", path: at("REVIEW.md"), content: "Nothing to complain about." },
    ]],
  ]);
}
