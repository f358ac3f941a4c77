import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapOf, validate } from "../../control-plane/src/golden/envoy-verdict.ts";
import type { ResourceSet } from "../../control-plane/src/translate/resource-set.ts";

export type Refused = { readonly index: number; readonly says: string };

/**
 * The first of many sets of resources that `envoy --mode validate` refuses, with its words. One Envoy looks at all of them
 * under names of their own, 0.3 s however many they are; only where it refuses they are asked for in halves.
 */
export async function firstRefused(
  envoy: string,
  sets: readonly (readonly ResourceSet[])[],
  from = 0,
): Promise<Refused | undefined> {
  if (sets.length === 0) return undefined;
  const says = await verdictOnAll(envoy, sets.flat());
  if (says === undefined) return undefined;
  if (sets.length === 1) return { index: from, says };
  const half = sets.length >> 1;
  const found =
    (await firstRefused(envoy, sets.slice(0, half), from)) ??
    (await firstRefused(envoy, sets.slice(half), from + half));
  // Neither half alone: then it is the putting together that is wrong.
  return found ?? { index: from, says: `refused only together with others: ${says}` };
}

async function verdictOnAll(envoy: string, sets: readonly ResourceSet[]): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "weir-random-"));
  try {
    const file = join(folder, "bootstrap.json");
    await writeFile(file, JSON.stringify(merged(sets)));
    return await validate(envoy, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Json = { readonly [key: string]: unknown };
type Static = { readonly clusters: readonly Json[]; readonly listeners: readonly Json[] };

function merged(sets: readonly ResourceSet[]): Json {
  const parts = sets.map((set, index) => partOf(bootstrapOf(set)["static_resources"] as Static, index));
  return {
    static_resources: {
      clusters: parts.flatMap(({ clusters }) => clusters),
      listeners: parts.flatMap(({ listeners }) => listeners),
    },
  };
}

/** Names and addresses are once in one Envoy; every set has its own. */
function partOf({ clusters, listeners }: Static, index: number): Static {
  const own = new Map(clusters.map(({ name }) => [name, `${index}~${name}`]));
  return {
    clusters: clusters.map((cluster) => ({ ...(renamed(cluster, own) as Json), name: own.get(cluster["name"]) })),
    listeners: listeners.map((listener) => ({
      ...(renamed(listener, own) as Json),
      name: `${index}~${listener["name"]}`,
      address: { socket_address: { address: `127.1.${index >> 8}.${index & 255}`, port_value: 10_000 } },
    })),
  };
}

/** Wherever a field names a cluster: a route's `cluster`, an entry of `weighted_clusters`, a `cluster_name`. */
function renamed(value: unknown, own: ReadonlyMap<unknown, string>, within = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, own, within));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const names = key === "cluster" || key === "cluster_name" || (key === "name" && within === "clusters");
      return [key, names && typeof each === "string" ? (own.get(each) ?? each) : renamed(each, own, key)];
    }),
  );
}
