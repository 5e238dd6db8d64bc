import { HOLD_SECONDS } from "./wire/launch.ts";

/** How long a held request waits for a person, and what is wrong with what was asked for. */
export interface HoldTimeout {
  readonly seconds: number;
  readonly warning?: string;
}

/** Name of the operator's variable. */
export const HOLD_VARIABLE = "EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS";

/** Reads the operator's variable; what is no positive number is passed over with a warning. */
export function holdTimeout(text: string | undefined): HoldTimeout {
  if (text === undefined || text.trim() === "") return { seconds: HOLD_SECONDS.usual };
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0) {
    const warning = `${HOLD_VARIABLE} is not a positive number of seconds; ` +
      `held requests wait ${HOLD_SECONDS.usual} s`;
    return { seconds: HOLD_SECONDS.usual, warning };
  }
  if (seconds <= HOLD_SECONDS.most) return { seconds };
  const warning = `${HOLD_VARIABLE} is more than a day; held requests wait ${HOLD_SECONDS.most} s`;
  return { seconds: HOLD_SECONDS.most, warning };
}
