import { createHash } from "node:crypto";
import type { ResourceStatus } from "../serve/clients.ts";
import type { AdminAddress } from "./admin-address.ts";
import { type AskLimits, askHttp } from "./ask-http.ts";
import { compared } from "./compared.ts";
import { type ClusterLook, envoyClusters, statsFilter } from "./envoy-clusters.ts";
import { dumpedTypes, envoyDump } from "./envoy-dump.ts";
import { type Look, type RunningResource, resourceKey } from "./running.ts";

export type Answered = {
  readonly resources: Look["resources"];
  readonly extra: readonly string[];
  /** Undefined: it does not tell of endpoints. */
  readonly clusters: readonly ClusterLook[] | undefined;
  /** What was compared with what: the same again needs no comparison. */
  readonly fingerprint: string;
};

/** Asks an Envoy's admin pages. Rejects when it does not answer, or answers as another node. */
export async function askEnvoy(
  { nodeId, resources }: { readonly nodeId: string; resources(): Iterable<ResourceStatus> },
  address: AdminAddress,
  { limits, before }: { readonly limits: AskLimits; readonly before: Answered | undefined },
  signal: AbortSignal,
): Promise<Answered> {
  const page = (path: string) => askHttp(address, path, limits, signal);
  // One after the other: Envoy makes them on its main thread, which has other work.
  const clusters = envoyClusters(
    JSON.parse(await page("/clusters?format=json")),
    JSON.parse(await page(`/stats?format=json&filter=${encodeURIComponent(statsFilter)}`)),
  );
  const text = await page("/config_dump?include_eds");
  const wanted = [...resources()].filter(({ type }) => dumpedTypes.has(type));
  const hash = createHash("sha256").update(text);
  for (const { type, name, version } of wanted) hash.update(`\0${type}\0${name}\0${version}`);
  const fingerprint = hash.digest("base64");
  if (before?.fingerprint === fingerprint) return { ...before, clusters };
  const dump = envoyDump(JSON.parse(text));
  if (dump.nodeId !== nodeId)
    throw new Error(
      `${address.host}:${address.port} answers as node "${dump.nodeId}": its weir.admin names another's admin pages`,
    );
  const found = new Map<string, RunningResource>();
  for (const each of wanted) {
    const key = resourceKey(each.type, each.name);
    const seen = compared(each, dump.resources.get(key));
    if (seen) found.set(key, seen);
  }
  const known = new Set(wanted.map(({ type, name }) => resourceKey(type, name)));
  const extra = [...dump.resources].filter(([key]) => !known.has(key)).map(([, { type, name }]) => `${type} ${name}`);
  return { resources: found, extra: extra.slice(0, mostExtra), clusters, fingerprint };
}

const mostExtra = 50;
