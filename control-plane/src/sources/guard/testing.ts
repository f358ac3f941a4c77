import { anywhere } from "../../model/address-range.ts";
import { parseEndpointId } from "../../model/names.ts";
import { addressText, type Endpoint } from "../../model/service.ts";
import { type Demand, demandOf } from "../demand.ts";
import type { Evidence, FeedState, FeedStates, SavedFeeds } from "../feed.ts";
import { at, endpoint, serviceName, sourceName, specOf } from "../testing.ts";
import { addressRule } from "./address-rule.ts";
import { type Guard, guard, nothingGuarded } from "./guard.ts";
import type { GuardNote } from "./guard-note.ts";
import { type GuardSettings, guardSettings } from "./guard-settings.ts";

/** Words that the guard's tests share. The service is `report`, its feeds are data centers of Consul. */

export const report = serviceName("report");

/** `10.0.1.3:9090` is the third of dc-a, `10.0.2.3:9090` of dc-b. */
export function instance(datacenter: string, number: number, rest: Partial<Endpoint> = {}): Endpoint {
  const place = datacenter.charCodeAt(datacenter.length - 1) - 96;
  const address = `10.${Math.floor(number / 250)}.${place}.${number % 250}:9090`;
  const locality = { region: datacenter, zone: "z1", subZone: "" };
  return endpoint(address, { source: sourceName(`consul/${datacenter}`), locality, ...rest });
}

export function instances(datacenter: string, from: number, to: number): readonly Endpoint[] {
  return Array.from({ length: to - from + 1 }, (_, index) => instance(datacenter, from + index));
}

export type Conversation = {
  /** What this data center says now, and the others still do. Afterwards what is to be told. */
  says(datacenter: string, endpoints: readonly Endpoint[], rest?: Saying): readonly GuardNote[];
  /** It cannot be seen any more. */
  falls(datacenter: string): void;
  waits(ms: number): readonly GuardNote[];
  confirms(): readonly GuardNote[];
  /** The addresses believed, over all data centers. */
  believed(): readonly string[];
  count(): number;
  healths(): readonly string[];
  guard(): Guard;
  demand(): Demand;
  nowMs(): number;
};

type Saying = { readonly evidence?: Evidence; readonly withdrawn?: readonly string[] };

export function converse(
  datacenters: readonly string[],
  settings: Partial<GuardSettings> = {},
  savedBy: Readonly<Record<string, readonly Endpoint[]>> = {},
): Conversation {
  const spec = specOf("report", { kind: "registry", service: "report" });
  const feeds = new Map(datacenters.map((each) => [`consul/${each}`, feedOf(each)]));
  const parts = new Map([[spec.name, [...feeds.keys()].map((key) => ({ kind: "feed" as const, key }))]]);
  const demand: Demand = { ...demandOf(new Map(), { consul: [], kubernetes: [] }), feeds, parts };
  const saved: SavedFeeds = new Map(
    Object.entries(savedBy).map(([datacenter, endpoints]) => [`consul/${datacenter}`, { endpoints, at: at(0) }]),
  );
  const allows = addressRule(anywhere);
  const all: GuardSettings = { ...guardSettings, flapMs: 0, ...settings };
  const states = new Map<string, FeedState>();
  let current = nothingGuarded;
  let nowMs = 1_000;
  const step = (confirmed?: typeof report): readonly GuardNote[] => {
    const known: FeedStates = new Map(
      [...states].flatMap(([key, state]) => {
        const feed = feeds.get(key);
        return feed ? [[key, { feed, state }] as const] : [];
      }),
    );
    const next = guard(current, { demand, states: known, saved, allows, ...(confirmed && { confirmed }) }, nowMs, all);
    current = next.guard;
    return next.notes;
  };
  const endpoints = () =>
    [...current.believed.values()].flatMap(({ state }) => (state.kind === "waiting" ? [] : state.endpoints));
  return {
    says(datacenter, said, { evidence, withdrawn } = {}) {
      const ids = new Set(withdrawn?.flatMap((each) => parseEndpointId(each) ?? []));
      const more = { ...(evidence && { evidence }), ...(withdrawn && { withdrawn: ids }) };
      states.set(`consul/${datacenter}`, { kind: "current", endpoints: said, at: at(0), skipped: [], ...more });
      return step();
    },
    falls(datacenter) {
      const before = states.get(`consul/${datacenter}`);
      if (before === undefined || before.kind === "waiting") throw new Error(`${datacenter} has said nothing`);
      const cause = new Error("connection refused");
      states.set(`consul/${datacenter}`, { ...before, kind: "stale", since: at(0), cause });
      step();
    },
    waits(ms) {
      nowMs += ms;
      return step();
    },
    confirms: () => step(report),
    believed: () =>
      endpoints()
        .map(({ address }) => addressText(address))
        .sort(),
    count: () => endpoints().length,
    healths: () => endpoints().map(({ health }) => health),
    guard: () => current,
    demand: () => demand,
    nowMs: () => nowMs,
  };
}

function feedOf(datacenter: string) {
  const key = `consul/${datacenter}`;
  return { kind: "registry" as const, key, source: sourceName(key), service: "report" };
}
