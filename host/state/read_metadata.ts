import {
  METADATA_MAX_BYTES,
  type MetadataResult,
  parseMetadata,
} from "../../policy/wire/metadata.ts";
import { codeOf } from "./io_error.ts";
import { METADATA_FILE } from "./owned_state.ts";

/** Reads the metadata of a state folder; bounded, and never through a link. */
export async function readMetadata(folder: string): Promise<MetadataResult> {
  const path = `${folder}/${METADATA_FILE}`;
  try {
    const info = await Deno.lstat(path);
    if (!info.isFile) return { ok: false, reason: `${METADATA_FILE} is not a regular file` };
    if (info.size > METADATA_MAX_BYTES) {
      return { ok: false, reason: `${METADATA_FILE} is too large` };
    }
    const result = parseMetadata(await Deno.readTextFile(path));
    return result.ok ? result : { ok: false, reason: `${METADATA_FILE}: ${result.reason}` };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { ok: false, reason: `it has no ${METADATA_FILE}` };
    throw error;
  }
}
