import { headerValues } from "./end_to_end.ts";
import type { Subject } from "./subject.ts";

/** What git wants to do over HTTPS. */
export type GitOperation = "push" | "fetch";

/** More layers of percent-encoding than this are not undone by any chain of servers. */
const MAX_DECODINGS = 5;

/** A service's name (gitprotocol-http), ended by anything that a server could take for its end. */
const SERVICE = /^\s*git-(receive-pack|upload-pack|upload-archive)(?![\w-]|\.\w)/;
const SERVICE_PARAMETER = /^\s*service\s*(?:\[[^=]*)?=(.*)$/s;
const SERVICE_MEDIA_TYPE = /git-(receive-pack|upload-pack|upload-archive)/;

/** Undoes percent-encoding as often as a chain of lax servers might, and the case. */
function decodeFully(text: string): string {
  let decoded = text;
  for (let round = 0; round < MAX_DECODINGS && decoded.includes("%"); round++) {
    decoded = decoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => {
      return String.fromCharCode(parseInt(hex, 16));
    });
  }
  return decoded.toLowerCase();
}

function servicesInPath(path: string): readonly (string | undefined)[] {
  return decodeFully(path).split(/[/\\]/).map((segment) => SERVICE.exec(segment)?.[1]);
}

function servicesInQuery(query: string): readonly (string | undefined)[] {
  const parameters = decodeFully(query.slice(1).replaceAll("+", " ")).split(/[&;]/);
  return parameters.map((parameter) => {
    return SERVICE.exec(SERVICE_PARAMETER.exec(parameter)?.[1] ?? "")?.[1];
  });
}

function servicesInHeaders(headers: Subject["headers"]): readonly (string | undefined)[] {
  return headerValues(headers, "content-type").map((value) => {
    return SERVICE_MEDIA_TYPE.exec(value.toLowerCase())?.[1];
  });
}

/**
 * Step 5: does the request belong to git's smart HTTP protocol, and to which side of it? Looks at
 * each path segment, each `service` parameter and the content type, in any case and any depth of
 * percent-encoding; a sign of a push anywhere makes it a push.
 */
export function gitOperation(subject: Subject): GitOperation | undefined {
  const services = [
    ...subject.paths.flatMap(servicesInPath),
    ...servicesInQuery(subject.query),
    ...servicesInHeaders(subject.headers),
  ].filter((service) => service !== undefined);
  if (services.includes("receive-pack")) return "push";
  return services.length > 0 ? "fetch" : undefined;
}
