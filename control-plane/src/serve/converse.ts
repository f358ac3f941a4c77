import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import type { ViewerKey } from "../model/viewer.ts";
import { diff } from "../snapshot/diff.ts";
import { addStamps, type ResourceType, resourceTypes, typeUrls, type XdsResource } from "../snapshot/resource.ts";
import type { Snapshot, SnapshotStep } from "../snapshot/snapshot.ts";
import type { Response, Variant } from "./push.ts";
import { createDeltaStream, createSotwStream, type Stream } from "./stream.ts";

/** For tests: a world in few words, e.g. `{ endpoints: { report: "v1" } }`; a cluster uses the endpoints of its name. */
export type Words = Partial<Record<ResourceType, Readonly<Record<string, string>>>>;

/** What a client says; see the functions of the same names. */
export type Said =
  | { readonly kind: "world"; readonly words: Words }
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

/** A stream to talk to, and what it said: `cluster +a@v1 +b@v2 -c`, an empty response `cluster`. */
export function conversation(variant: Variant, { emptyMeansAll = true } = {}) {
  const stream: Stream<never> = variant === "delta" ? createDeltaStream() : createSotwStream({ emptyMeansAll });
  const lastNonce = new Map<ResourceType, string>();
  const lastVersion = new Map<ResourceType, string>();
  const lastNames = new Map<ResourceType, readonly string[]>();
  let step: SnapshotStep | undefined;
  const now = new Date(0);

  function hear(responses: readonly Response[]): readonly string[] {
    return responses.map(({ type, nonce, version, resources, removed }) => {
      lastNonce.set(type, nonce);
      lastVersion.set(type, version);
      const parts = [
        ...resources.map(({ name, version }) => `+${name}@${version}`),
        ...removed.map((name) => `-${name}`),
      ];
      return [type, ...parts].join(" ");
    });
  }

  function request(said: Exclude<Said, { kind: "world" }>): unknown {
    const { type } = said;
    const typeUrl = typeUrls[type];
    const errorDetail =
      said.kind === "answer" && said.reason !== undefined ? { errorDetail: { code: 3, message: said.reason } } : {};
    const responseNonce = said.kind === "answer" ? (lastNonce.get(type) ?? "") : said.nonce;
    if (variant === "delta") {
      return create(DeltaDiscoveryRequestSchema, {
        typeUrl,
        responseNonce: responseNonce ?? "",
        ...errorDetail,
        ...(said.kind === "ask"
          ? {
              resourceNamesSubscribe: [...said.names],
              resourceNamesUnsubscribe: [...said.drop],
              initialResourceVersions: { ...said.has },
            }
          : {}),
      });
    }
    const names = (said.kind === "ask" ? said.names : said.names) ?? lastNames.get(type) ?? [];
    lastNames.set(type, names);
    const versionInfo = said.kind === "ask" ? said.version : (lastVersion.get(type) ?? "");
    return create(DiscoveryRequestSchema, {
      typeUrl,
      resourceNames: [...names],
      versionInfo,
      responseNonce: responseNonce ?? lastNonce.get(type) ?? "",
      ...errorDetail,
    });
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
  const resources = Object.fromEntries(
    resourceTypes.map((type) => [type, resourcesOf(type, words[type] ?? {})]),
  ) as unknown as Snapshot["resources"];
  const sums = Object.fromEntries(
    resourceTypes.map((type) => [type, sumOf(resources[type])]),
  ) as unknown as Snapshot["sums"];
  const snapshot: Snapshot = { viewer: "test" as ViewerKey, revision: 1, resources, sums };
  return { snapshot, changes: diff(before?.snapshot, snapshot), following: undefined };
}

function sumOf(resources: ReadonlyMap<string, XdsResource>): bigint {
  let sum = 0n;
  for (const { stamp } of resources.values()) sum = addStamps(sum, stamp);
  return sum;
}

function resourcesOf(type: ResourceType, versions: Readonly<Record<string, string>>): ReadonlyMap<string, XdsResource> {
  const body = create(AnySchema, { typeUrl: typeUrls[type] });
  return new Map(
    Object.entries(versions).map(([name, version]) => {
      const stamp = BigInt(`0x${Buffer.from(`${name}@${version}`).toString("hex").slice(0, 20)}`);
      return [name, { type, name, version, stamp, body, uses: type === "cluster" ? [name] : [] }];
    }),
  );
}
