/** What reading a manifest's content takes; loaded when the first is read, so listing is quick. */
export { parseAgent } from "../../policy/manifest/agent.ts";
export { parseBottle } from "../../policy/manifest/bottle.ts";
export {
  chosenBottles,
  missingAgent,
  missingBottle,
  resolveManifest,
} from "../../policy/manifest/merge.ts";
export { readManifestFile } from "./read.ts";
