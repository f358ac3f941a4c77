import type { QueueLimits } from "../model/admission.ts";
import type { FairShares, Share } from "../model/fair-queue.ts";
import type { RateRule } from "../model/gcra.ts";
import type { TenantId } from "../model/names.ts";
import { flagGroup } from "./flag-group.ts";

/** What is the most that this server takes, and from whom. */
export type Limits = {
  readonly limits: QueueLimits;
  readonly shares: FairShares;
  /** What one tenant may ask for; undefined: as much as it likes. */
  readonly tenantRate: RateRule | undefined;
  /** Calls that may wait for a report to change, at once. */
  readonly watchLimit: number;
};

export const limits = flagGroup(
  [
    {
      name: "queue-limit",
      default: "1000",
      value: "N",
      help: "reports that may wait in the queue of a worker cluster",
    },
    { name: "tenant-queue-limit", value: "N", help: "those of one tenant; as many where not given" },
    {
      name: "tenant-concurrency",
      default: "64",
      value: "N",
      help: "reports of one tenant that run at once in a cluster",
    },
    {
      name: "tenant-weights",
      default: "",
      value: "T=N,…",
      help: "turns of these tenants for each turn of another, such as acme=3",
    },
    { name: "watch-limit", default: "10000", value: "N", help: "calls that may follow reports at once" },
    {
      name: "tenant-rate",
      default: "",
      value: "N/N",
      help: "calls a second of one tenant, and how many at once, such as 100/200; no limit where not given",
    },
  ],
  (flags): Limits => {
    const queue = flags.integer("queue-limit", 1, 1_000_000);
    const concurrency = flags.integer("tenant-concurrency", 1, 1_000_000);
    const weights = flags.pairs("tenant-weights");
    if (!weights || Object.values(weights).some((weight) => !(Number(weight) > 0 && Number(weight) <= 1_000))) {
      const given = flags.get("tenant-weights");
      flags.say("tenant-weights", `must be TENANT=WEIGHT,… with weights over 0 and up to 1000, not "${given}"`);
    }
    const tenantRate = rateOf(flags.get("tenant-rate") ?? "");
    if (tenantRate === "wrong")
      flags.say("tenant-rate", `must be N/N such as 100/200, not "${flags.get("tenant-rate")}"`);
    return {
      limits: {
        queue,
        tenant: flags.get("tenant-queue-limit") ? flags.integer("tenant-queue-limit", 1, 1_000_000) : queue,
      },
      shares: { everyone: { weight: 1, concurrency }, others: sharesOf(weights ?? {}, concurrency) },
      watchLimit: flags.integer("watch-limit", 1, 1_000_000),
      tenantRate: tenantRate === "wrong" ? undefined : tenantRate,
    };
  },
);

function sharesOf(weights: Readonly<Record<string, string>>, concurrency: number): ReadonlyMap<TenantId, Share> {
  return new Map(
    Object.entries(weights).map(([tenant, weight]) => [tenant as TenantId, { weight: Number(weight), concurrency }]),
  );
}

function rateOf(text: string): RateRule | "wrong" | undefined {
  if (text === "") return undefined;
  const [, perSecond, burst] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(text) ?? [];
  return Number(perSecond) > 0 && Number(burst) >= 1 ? { perSecond: Number(perSecond), burst: Number(burst) } : "wrong";
}
