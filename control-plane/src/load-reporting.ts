import type { Latest } from "./lib/latest.ts";
import { parseServiceName } from "./model/names.ts";
import type { World } from "./model/world.ts";
import { createLoads } from "./serve/loads/loads.ts";
import { type LrsParts, lrsService } from "./serve/loads/lrs-service.ts";
import type { ObservedLoads } from "./serve/loads/observed-loads.ts";
import { clusterNames, serviceOfCluster } from "./translate/resource-names.ts";

/** The load reporting service over the services that are being served, and what it hears. */
export function loadReporting<V>({
  published,
  ...parts
}: { readonly published: Latest<World> } & Omit<LrsParts<V>, "loads" | "clusters">): {
  readonly loads: ObservedLoads;
  /** The service that is served of a cluster; undefined for a cluster of none. */
  readonly serviceOf: (cluster: string) => string | undefined;
  readonly service: ReturnType<typeof lrsService>;
} {
  const serviceOf = (cluster: string) => {
    const name = parseServiceName(serviceOfCluster(cluster));
    return name !== undefined && published.current()?.catalog.has(name) ? name : undefined;
  };
  const loads = createLoads({ now: parts.monotonicMs, serviceOf });
  return { loads, serviceOf, service: lrsService({ ...parts, loads, clusters: namesOf(published) }) };
}

function namesOf(published: Latest<World>): () => readonly string[] {
  let catalog: World["catalog"] | undefined;
  let names: readonly string[] = [];
  return () => {
    const newest = published.current()?.catalog;
    if (newest !== undefined && newest !== catalog) {
      catalog = newest;
      names = [...newest.values()].flatMap(({ spec }) => clusterNames(spec));
    }
    return names;
  };
}
