import { createHash } from "node:crypto";
import { problemText } from "../../lib/parsed.ts";
import type { ConsulFeed, Evidence, Sighting, SourceNote } from "../feed.ts";
import { keepIdentity } from "../keep-identity.ts";
import type { Asking, DatacenterClient } from "./consul-datacenter.ts";
import type { ConsulLimits } from "./consul-limits.ts";
import type { ConsulAnswer } from "./consul-request.ts";
import { parseHealth } from "./parse-health.ts";

/** What the last answer for a feed said. */
export type Reading = {
  readonly index: number;
  readonly digest: string;
  readonly sighting: Extract<Sighting, { readonly kind: "seen" }>;
  /** How often in a row the server that was asked knew less than one before it. */
  readonly behind: number;
  readonly rewound: { readonly from: number; readonly to: number; readonly untilMs: number } | undefined;
};

export type ReadHealth = (
  feed: ConsulFeed,
  before: Reading | undefined,
  asking: Pick<Asking, "index" | "by">,
  signal: AbortSignal,
) => Promise<Reading>;

/** So often in a row a server may know less than was known already, before no server but the leader is asked. */
const mostBehind = 3;

/**
 * Reads the health of one service. Rejects when the answer cannot be had or cannot be believed; the message does not name the
 * service.
 *
 * An index below the last one is either a server that lags or data that was lost, and only a leader can say which: it is asked
 * before anything is believed. A consistent answer that says something else than the last one at the very same index proves that a
 * server has wrong data (hashicorp/consul#8377).
 */
export function createReadHealth({
  datacenter,
  observe,
  monotonicMs,
  limits,
}: {
  readonly datacenter: DatacenterClient;
  readonly observe: (note: SourceNote) => void;
  readonly monotonicMs: () => number;
  readonly limits: Pick<ConsulLimits, "rewoundMs">;
}): ReadHealth {
  return async (feed, before, { index, by }, signal) => {
    const ask = (index: number, by: Asking["by"]) =>
      datacenter.ask(`/v1/health/service/${encodeURIComponent(feed.service)}`, { index, by, tags: feed.tags }, signal);
    // A server that has just started answers 200 and [] before it has heard all from the leader (hashicorp/consul#2644), and there
    // is nothing yet to tell that by: the first answer is the leader's.
    let answer = await ask(index, by === "any" && !before ? "leader" : by);
    let confirmed = by === "confirmed-leader";
    let behind = 0;
    if (before && answer.index < before.index && !confirmed) {
      answer = await ask(0, "confirmed-leader");
      confirmed = true;
      behind = answer.index < before.index ? 0 : before.behind + 1;
      if (behind >= mostBehind) datacenter.mistrust();
    }
    const rewound = rewindAfter(feed, before, answer.index);
    const evidence: Evidence = {
      lagMs: answer.lastContactMs,
      confirmed,
      ...(rewound && { rewound: { from: rewound.from, to: rewound.to } }),
    };
    const digest = createHash("sha1").update(answer.text).digest("base64");
    // The same text again is the same list again: nothing to parse.
    const sighting =
      before?.digest === digest ? { ...before.sighting, evidence } : { ...parsed(feed, answer, before), evidence };
    const changed = sighting.endpoints !== before?.sighting.endpoints;
    if (before && changed && confirmed && answer.index === before.index) {
      datacenter.mistrust();
      observe({ kind: "source-repaired", source: feed.source, feed: feed.key, endpoints: sighting.endpoints.length });
    }
    return { index: answer.index, digest, sighting, behind, rewound };
  };

  function rewindAfter(feed: ConsulFeed, before: Reading | undefined, to: number): Reading["rewound"] {
    if (before && to < before.index) {
      const from = Math.max(before.index, before.rewound?.from ?? 0);
      observe({ kind: "source-rewound", source: feed.source, feed: feed.key, from: before.index, to });
      return { from, to, untilMs: monotonicMs() + limits.rewoundMs };
    }
    const rewound = before?.rewound;
    return rewound && to < rewound.from && monotonicMs() < rewound.untilMs ? rewound : undefined;
  }

  function parsed(
    feed: ConsulFeed,
    { text, filtered }: ConsulAnswer,
    before: Reading | undefined,
  ): Omit<Reading["sighting"], "evidence"> {
    const health = parseHealth(jsonOf(text), {
      source: feed.source,
      datacenter: datacenter.configured.datacenter,
      region: datacenter.configured.region,
      rules: feed.localityRules,
      passingOnly: feed.passingOnly,
    });
    if (!health.ok) throw new Error(health.problems.map(problemText).join("; "));
    if (filtered && health.value.endpoints.length === 0)
      throw new Error("Consul left out all that the token may not read: give it service:read and node:read");
    const { endpoints, skipped } = health.value;
    return { kind: "seen", endpoints: keepIdentity(before?.sighting.endpoints, endpoints), skipped };
  }
}

/** Rejects what is no JSON without quoting it: an error page may be long. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("the answer is no whole JSON", { cause });
  }
}
