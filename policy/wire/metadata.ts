import * as v from "valibot";
import { COLORS } from "../plan.ts";

/** The newest (and only) version of a bottle's metadata that this program writes and reads. */
export const METADATA_VERSION = 1;

/** The most bytes that are read of a metadata file. */
export const METADATA_MAX_BYTES = 64 * 1024;

const Line = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096));

const Metadata = v.strictObject({
  version: v.literal(METADATA_VERSION),
  slug: Line,
  agent: Line,
  bottles: v.pipe(v.array(Line), v.maxLength(64)),
  provider: Line,
  backend: Line,
  /** The host folder that the bottle was started in, absolute. */
  cwd: Line,
  /** Was that folder copied into the bottle? */
  workspace: v.boolean(),
  label: v.optional(Line),
  color: v.optional(v.picklist(COLORS)),
  /** ISO 8601. */
  started_at: v.pipe(v.string(), v.isoTimestamp()),
  /** Where the terminal can be joined, when not at the usual place in the state folder. */
  attach_socket: v.optional(Line),
});

/** What a bottle's state folder remembers of it (`metadata.json`); holds nothing secret. */
export type BottleMetadata = v.InferOutput<typeof Metadata>;

/** A read metadata file, or why it cannot be used. */
export type MetadataResult =
  | { readonly ok: true; readonly metadata: BottleMetadata }
  | { readonly ok: false; readonly reason: string };

/** Reads the text of a metadata file; an unknown version is refused. Never throws. */
export function parseMetadata(text: string): MetadataResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "it is not JSON" };
  }
  const version = versionOf(value);
  if (version !== METADATA_VERSION) {
    return { ok: false, reason: `its version is not ${METADATA_VERSION}` };
  }
  const result = v.safeParse(Metadata, value);
  if (result.success) return { ok: true, metadata: result.output };
  const [issue] = result.issues;
  return { ok: false, reason: `${v.getDotPath(issue) ?? "the whole"} is not valid` };
}

/** The text of a metadata file. */
export function formatMetadata(metadata: Omit<BottleMetadata, "version">): string {
  return `${JSON.stringify({ version: METADATA_VERSION, ...metadata }, null, 2)}\n`;
}

function versionOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "version" in value
    ? value.version
    : undefined;
}
