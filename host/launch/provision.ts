import { placeInProvider } from "../../policy/manifest/provider_place.ts";
import type { Provisioning } from "../../providers/provider.ts";
import { checkRequest, type Locate } from "../providers/settings.ts";
import type { BottleRequest } from "./compose.ts";

/**
 * Asks the provider what it wants done for this bottle. Throws ManifestError, with file and line,
 * for what the manifest says to the provider and the provider does not accept.
 */
export function provisionBottle(request: BottleRequest, workdir: string): Provisioning {
  const { identity, manifest, provider } = request;
  const { authToken, forwardHostCredentials, settings } = manifest.provider;
  const credentials = {
    forwardHostCredentials,
    ...(authToken !== undefined && { authTokenEnv: authToken }),
  };
  const locate: Locate = (path) => placeInProvider(manifest.provider, path);
  return provider.provision({
    ...credentials,
    settings: checkRequest(provider, { settings, ...credentials }, locate),
    workdir,
    prompt: manifest.agent.prompt,
    resume: false,
    remoteControl: request.remoteControl,
    ...(identity.label !== undefined && { label: identity.label }),
    ...(identity.color !== undefined && { color: identity.color }),
    ...(request.headlessPrompt !== undefined && { headlessPrompt: request.headlessPrompt }),
  });
}
