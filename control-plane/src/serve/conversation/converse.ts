import { create, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { DiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import type { ViewerKey } from "../../model/viewer.ts";
import { diff } from "../../snapshot/diff.ts";
import {
  addStamps,
  type ResourceType,
  resourceTypes,
  stampOf,
  typeUrls,
  type XdsResource,
} from "../../snapshot/resource.ts";
import type { Snapshot, SnapshotStep } from "../../snapshot/snapshot.ts";
import type { Table } from "../../snapshot/table.ts";
import type { NamesOnWire } from "../wire/name-lists.ts";
import { type DeltaRequest, decodeSotw, type SotwRequest } from "../wire/request.ts";
import type { Response, Variant } from "./push.ts";
import { createDeltaStream, createSotwStream, type Stream } from "./stream.ts";

/** For tests: a world in few words, e.g. `{ endpoints: { report: "v1" } }`; a cluster uses the endpoints of its name. */
export type Words = Partial<Record<ResourceType, Readonly<Record<string, string>>>>;

/** What a client says; see the functions of the same names. */
export type Said =
  | { readonly kind: "world"; readonly words: Words }
  | { readonly kind: "wait"; readonly ms: number }
  | {
      readonly kind: "ask";
      readonly type: ResourceType;
      readonly names: readonly string[];
      readonly drop: readonly string[];
      readonly has: Readonly<Record<string, string>>;
      readonly version: string;
      readonly nonce: string | undefined;
    }
  | {
      readonly kind: "answer";
      readonly type: ResourceType;
      readonly reason: string | undefined;
      readonly names: readonly string[] | undefined;
    };

export const world = (words: Words): Said => ({ kind: "world", words });

/** Time passes. */
export const wait = (ms: number): Said => ({ kind: "wait", ms });

/** A request that answers nothing: a subscription, at first or later. SotW: all names; delta: those that come and go. */
export const ask = (
  type: ResourceType,
  names: readonly string[] = [],
  {
    drop = [],
    has = {},
    version = "",
    nonce,
  }: { drop?: readonly string[]; has?: Readonly<Record<string, string>>; version?: string; nonce?: string } = {},
): Said => ({
  kind: "ask",
  type,
  names,
  drop,
  has,
  version,
  nonce,
});

/** Accepts the last response of the type; `names` as a SotW client repeats (or changes) them, its last ones by default. */
export const ack = (type: ResourceType, names?: readonly string[]): Said => ({
  kind: "answer",
  type,
  reason: undefined,
  names,
});
export const nack = (type: ResourceType, reason = "cannot bind"): Said => ({
  kind: "answer",
  type,
  reason,
  names: undefined,
});

/** A stream to talk to, and what it said: `cluster +a@v1 ~b@v2 -c !d`, where `~` is a heartbeat and `!` an error. */
export function conversation(variant: Variant, { emptyMeansAll = true } = {}) {
  const stream: Stream<never> = variant === "delta" ? createDeltaStream() : createSotwStream({ emptyMeansAll });
  const lastNonce = new Map<ResourceType, string>();
  const lastVersion = new Map<ResourceType, string>();
  const lastNames = new Map<ResourceType, readonly string[]>();
  let step: SnapshotStep | undefined;
  let now = new Date(0);

  function hear(responses: readonly Response[]): readonly string[] {
    return responses.map(({ type, nonce, version, resources, removed, errors, heartbeat }) => {
      lastNonce.set(type, nonce);
      lastVersion.set(type, version);
      const parts = [
        ...resources.map(({ name, version, ttlMs }) => `${heartbeat && ttlMs ? "~" : "+"}${name}@${version}`),
        ...removed.map((name) => `-${name}`),
        ...errors.map(({ name }) => `!${name}`),
      ];
      return [type, ...parts].join(" ");
    });
  }

  function request(said: Exclude<Said, { kind: "world" } | { kind: "wait" }>): SotwRequest | DeltaRequest {
    const { type } = said;
    const typeUrl = typeUrls[type];
    const rejects = said.kind === "answer" ? said.reason : undefined;
    const nonce = said.kind === "answer" ? (lastNonce.get(type) ?? "") : said.nonce;
    const common = { typeUrl, node: undefined, nodeBytes: 0, rejects };
    if (variant === "delta") {
      const [subscribe, unsubscribe, initial] =
        said.kind === "ask" ? [said.names, said.drop, Object.entries(said.has)] : [[], [], []];
      return { ...common, nonce: nonce ?? "", subscribe, unsubscribe, initial };
    }
    const names = said.names ?? lastNames.get(type) ?? [];
    lastNames.set(type, names);
    const version = said.kind === "ask" ? said.version : (lastVersion.get(type) ?? "");
    return { ...common, version, names: onWire(names), nonce: nonce ?? lastNonce.get(type) ?? "" };
  }

  return {
    stream,
    /** The version of the type that the last response stated. */
    version: (type: ResourceType) => lastVersion.get(type) ?? "",
    say(said: Said): readonly string[] {
      if (said.kind === "world") {
        const next: SnapshotStep = stepOf(said.words, step);
        if (step !== undefined) step.following = next;
        step = next;
        return hear(stream.take({ kind: "snapshot", step: next }, now).send);
      }
      if (said.kind === "wait") {
        now = new Date(now.getTime() + said.ms);
        return hear(stream.take({ kind: "tick" }, now).send);
      }
      return hear(stream.take({ kind: "request", request: request(said) as never }, now).send);
    },
  };
}

/** Says all that, and gives what was answered, in order. */
export function converse(variant: Variant, said: readonly Said[], options = {}): readonly string[] {
  const { say } = conversation(variant, options);
  return said.flatMap(say);
}

export function stepOf(words: Words, before: SnapshotStep | undefined): SnapshotStep {
  const tables = each((type) => tableOf(resourcesOf(type, words[type] ?? {})));
  const snapshot: Snapshot = {
    viewer: "test" as ViewerKey,
    revision: 1,
    tables,
    resources: each((type) => tables[type].byName),
    sums: each((type) => tables[type].sum),
  };
  return { snapshot, changes: diff(before?.snapshot, snapshot), following: undefined };
}

function each<T>(of: (type: ResourceType) => T): Record<ResourceType, T> {
  return Object.fromEntries(resourceTypes.map((type) => [type, of(type)])) as Record<ResourceType, T>;
}

function tableOf(resources: readonly XdsResource[]): Table {
  const ttls = resources.flatMap(({ ttlMs }) => ttlMs ?? []);
  return {
    messages: [],
    byName: new Map(resources.map((resource) => [resource.name, resource])),
    sum: resources.reduce((sum, { stamp }) => addStamps(sum, stamp), 0n),
    shortestTtlMs: ttls.length === 0 ? undefined : Math.min(...ttls),
  };
}

/** A version like `v1>a,b` uses the resources a and b; one like `v1/30s` has a time to live. */
function resourcesOf(type: ResourceType, versions: Readonly<Record<string, string>>): readonly XdsResource[] {
  const body = create(AnySchema, { typeUrl: typeUrls[type] });
  return Object.entries(versions).map(([name, version]) => {
    const ttl = /\/(\d+)s$/.exec(version)?.[1];
    const uses = type === "cluster" ? [name] : (/>([^/]*)/.exec(version)?.[1]?.split(",") ?? []);
    const stamp = stampOf(name, version);
    return { type, name, version, stamp, body, uses, revision: 1, ...(ttl ? { ttlMs: Number(ttl) * 1_000 } : {}) };
  });
}

/** Names as they stand in the bytes of a request. */
function onWire(names: readonly string[]): NamesOnWire {
  const request = create(DiscoveryRequestSchema, { resourceNames: [...names] });
  return decodeSotw(Buffer.from(toBinary(DiscoveryRequestSchema, request))).names;
}
