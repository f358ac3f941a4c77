import { readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { createLatest, type Latest } from "../../lib/latest.ts";
import { pause } from "../../lib/wait.ts";
import type { ServiceName } from "../../model/names.ts";
import type { ServiceSpec } from "../../model/service.ts";
import type { SourceNote } from "../feed.ts";
import { createWriteBehind } from "../write-behind.ts";
import { writeWhole } from "../write-whole.ts";
import type { DatacenterClient } from "./consul-datacenter.ts";
import type { ConsulLimits } from "./consul-limits.ts";
import { afterList, type DiscoverRule, discoveredSpecs, isMissingSome, type Known } from "./discovery.ts";
import { jsonOf } from "./read-health.ts";
import { watchIndex } from "./watch-index.ts";

export type Discovered = {
  readonly specs: ReadonlyMap<ServiceName, ServiceSpec>;
  /** Nothing is known of any data center: what is missing may be everything. */
  readonly blind: boolean;
};

export type FollowDiscovery = {
  readonly datacenters: readonly DatacenterClient[];
  readonly rules: readonly DiscoverRule[];
  /** Where what was found is kept over restarts. */
  readonly file: string;
  readonly limits: ConsulLimits;
  readonly observe: (note: SourceNote) => void;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  /** How long a data center that has not answered is waited for, and how long when its list was saved. */
  readonly maxWaitMs: number;
  readonly maxWaitSavedMs: number;
};

/** All answers of so long have to do without a service before it is forgotten. */
const forgetMs = 3_600_000;

const listSchema = z.record(z.string(), z.array(z.string()));
const savedSchema = z.record(z.string(), listSchema);

/**
 * Follows the lists of services and publishes those that the rules take: first when every data center has answered, or is waited for no
 * longer; then with each change. Without rules there is nothing to wait for.
 */
export async function followDiscovery(
  options: FollowDiscovery,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly discovered: Latest<Discovered> }> {
  const { rules, file, limits, observe, monotonicMs, random, maxWaitMs, maxWaitSavedMs } = options;
  const asked = new Set(rules.flatMap(({ datacenters }) => (datacenters.length === 0 ? ["*"] : datacenters)));
  const datacenters = options.datacenters.filter(({ configured: { name } }) => asked.has("*") || asked.has(name));
  const discovered = createLatest<Discovered>();
  const saved = rules.length === 0 ? new Map<string, Known>() : await readSaved(file, observe);
  const known = new Map<string, Known>();
  const waitedFor = new Set(datacenters.map(({ configured }) => configured.name));
  let specs: Discovered["specs"] = new Map();
  const store = createWriteBehind({
    write: () => writeWhole(file, savedText(known)),
    failed: (cause) => observe({ kind: "saved-world-unsaved", file, cause }),
    delayMs: 1_000,
  });

  function publish(): void {
    if (waitedFor.size > 0 || signal.aborted) return;
    const next = discoveredSpecs(rules, known, specs);
    const blind = datacenters.length > 0 && known.size === 0;
    const same = next.size === specs.size && [...next].every(([name, spec]) => specs.get(name) === spec);
    if (same && discovered.current()?.blind === blind) return;
    specs = next;
    discovered.set({ specs, blind });
  }

  function answered(name: string, text: string): void {
    const list = listSchema.safeParse(jsonOf(text));
    if (!list.success) throw new Error("expected services and their tags");
    const before = known.get(name) ?? saved.get(name) ?? new Map();
    known.set(name, afterList(before, new Map(Object.entries(list.data)), monotonicMs(), forgetMs));
    waitedFor.delete(name);
    publish();
    store.touch();
  }

  async function waitFor(name: string): Promise<void> {
    const before = saved.get(name);
    await pause(before ? maxWaitSavedMs : maxWaitMs, signal);
    if (!waitedFor.delete(name)) return;
    if (before) known.set(name, before);
    publish();
  }

  for (const datacenter of datacenters) {
    const { name } = datacenter.configured;
    void waitFor(name);
    let lastText: string | undefined;
    void watchIndex(
      {
        ...{ datacenter, path: "/v1/catalog/services", limits, monotonicMs, random },
        answered: (text) => {
          // The same again is worth a look only where something waits to be forgotten.
          if (text === lastText && !isMissingSome(known.get(name) ?? new Map())) return;
          answered(name, text);
          lastText = text;
        },
        // Each service's own feed tells that it cannot be seen.
        failed: () => undefined,
      },
      signal,
    );
  }
  publish();
  return { discovered, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

function savedText(known: ReadonlyMap<string, Known>): string {
  const lists = [...known].map(([datacenter, services]) => [
    datacenter,
    Object.fromEntries([...services].map(([name, { tags }]) => [name, [...tags.keys()]])),
  ]);
  return `${JSON.stringify(Object.fromEntries(lists))}\n`;
}

async function readSaved(file: string, observe: (note: SourceNote) => void): Promise<ReadonlyMap<string, Known>> {
  try {
    const lists = savedSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return new Map(
      Object.entries(lists).map(([datacenter, services]) => [
        datacenter,
        afterList(new Map(), new Map(Object.entries(services)), 0, forgetMs),
      ]),
    );
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    const keptAs = `${file}.damaged`;
    await rename(file, keptAs);
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    observe({ kind: "saved-world-damaged", file, keptAs, cause });
    return new Map();
  }
}
