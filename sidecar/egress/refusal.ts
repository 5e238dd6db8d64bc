import type { Denial } from "../../policy/egress/verdict.ts";
import type { EgressLog } from "./log.ts";

/** What is known of a request that is refused before it is decided on. */
export interface Refused {
  readonly method?: string;
  /** As received; the query is not logged. */
  readonly rawTarget?: string;
}

/** Tells of a denial in the log. */
export function logDenial(log: EgressLog, denial: Denial, refused: Refused = {}): void {
  const { method, rawTarget } = refused;
  log.event({
    event: "egress_block",
    ...(denial.host !== "" && { host: denial.host }),
    ...(method !== undefined && { method }),
    ...(rawTarget !== undefined && { path: rawTarget.split("?", 1)[0] ?? "" }),
    status: denial.status,
    reason: `${denial.reason}: ${denial.message}`,
  });
}
