import type { JsonValue } from "@bufbuild/protobuf";
import type { ClientView } from "../serve/clients.ts";
import type { ResourceType } from "../snapshot/resource.ts";
import type { Ejections } from "./ejections.ts";

/** What clients say that they run, as far as they can be asked; read by the operator's side. */
export type Running = {
  /** False: `clients.admin.allow` names nobody, so nobody is asked. */
  readonly isOn: boolean;
  readonly intervalMs: number;
  client(view: ClientView): RunningClient;
  ejections(): Ejections;
};

/** What is known of one client. What was seen once stays, with its age, when the client cannot be asked any more. */
export type RunningClient =
  /** It is not asked, and why: it names no address, or one that is not allowed. */
  | { readonly kind: "unasked"; readonly why: string }
  /** It was not asked yet. */
  | { readonly kind: "waiting" }
  | { readonly kind: "seen"; readonly look: Look }
  /** The newest question had no answer; `look` is the last that had. */
  | { readonly kind: "unseen"; readonly why: string; readonly since: Date; readonly look: Look | undefined };

/** One answer of a client. */
export type Look = {
  readonly at: Date;
  readonly tookMs: number;
  /** By `resourceKey`: what was wanted and of a type that the client tells of. */
  readonly resources: ReadonlyMap<string, RunningResource>;
  /** Of these, what it runs otherwise than was wanted. */
  readonly differing: readonly {
    readonly type: ResourceType;
    readonly name: string;
    readonly comparedWith: string;
  }[];
  /** What it runs of ours that it is not to have: `CDS report`. */
  readonly extra: readonly string[];
};

/** A resource as the client runs it, compared with what was wanted at that time. */
export type RunningResource = {
  readonly type: ResourceType;
  readonly name: string;
  /** The version that the client names; empty where it names none (Envoy of endpoints) or runs nothing of it. */
  readonly version: string;
  /** Since when, by the client's clock. */
  readonly updatedAt: Date | undefined;
  readonly isThere: boolean;
  /** The wanted version that it was compared with. */
  readonly comparedWith: string;
  /** Empty: it runs what is wanted. At most `mostDifferences`. */
  readonly differences: readonly Difference[];
};

/** Where two contents are apart; undefined where there is nothing. Paths like `endpoints.dc-a/z1.weight`. */
export type Difference = {
  readonly path: string;
  readonly wanted: JsonValue | undefined;
  readonly running: JsonValue | undefined;
};

export function resourceKey(type: ResourceType, name: string): string {
  return `${type}\n${name}`;
}
