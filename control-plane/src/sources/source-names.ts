import { parseSourceName, type SourceName } from "../model/names.ts";

export const fileSource = sourceNamed("file");
export const registrySource = sourceNamed("registry");

/** `consul/dc-a`: how a configured Consul data center is called wherever sources are named. */
export function consulSource(datacenter: string): SourceName {
  return sourceNamed(`consul/${datacenter}`);
}

/** `kubernetes/dc-c`: the same for the Kubernetes cluster of a configured data center. */
export function kubernetesSource(datacenter: string): SourceName {
  return sourceNamed(`kubernetes/${datacenter}`);
}

function sourceNamed(text: string): SourceName {
  const name = parseSourceName(text);
  if (!name) throw new Error(`"${text}" cannot name a source; the configuration should have refused it`);
  return name;
}
