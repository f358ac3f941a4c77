import type { Latest } from "../lib/latest.ts";
import type { LogLevel } from "../lib/log-level.ts";
import type { Problem } from "../lib/parsed.ts";
import type { Locality } from "../model/locality.ts";
import type { EndpointId, ServiceName } from "../model/names.ts";
import type { Placement } from "../model/placement.ts";
import type { Endpoint, Service, ServiceSpec } from "../model/service.ts";
import type { WhyHeld } from "../model/why-held.ts";
import type { Book, World } from "../model/world.ts";
import type { Finding } from "../plan/analyze/finding.ts";
import type { Plan } from "../plan/plan/plan.ts";
import type { Acts } from "../policy/acts.ts";
import type { PolicyStore, StoredDocument } from "../policy/policy-store.ts";
import type { Running } from "../running/running.ts";
import type { Clients, ResourceStatus } from "../serve/clients.ts";
import type { ObservedLoads } from "../serve/loads/observed-loads.ts";
import type { BaselineOf } from "../shift/baseline.ts";
import type { Shelf } from "../store/shelf.ts";
import type { AuthNote } from "./auth/auth-note.ts";
import type { ReportDesk } from "./report-desk.ts";

/** All that the operator's side reads and moves. Structural, so that `control-plane.ts` decides what stands behind it. */
export type OperatorParts = {
  readonly policies: PolicyStore;
  readonly registry: Registry;
  /** Who does what no document holds; written before it is done. */
  readonly acts: Acts;
  readonly clients: Clients;
  /** What clients report of their requests. */
  readonly loads: ObservedLoads;
  /** What clients say that they run, where they can be asked. */
  readonly running: Running;
  /** The documents and the endpoints that are being served. */
  readonly worlds: Latest<World>;
  /** Why a known service is not served; undefined when it is, or is not known. */
  whyNotServed(service: ServiceName): string | undefined;
  /** Why a Patch is left out, for each kind of connected client. */
  patchProblems(patch: string): readonly string[];
  /** What each source knows and since when. */
  sources(): readonly SourceOverview[];
  readonly guard: Guard;
  readonly planning: Planning;
  /** How a guard's metrics were before a shift. */
  readonly baselineOf: BaselineOf;
  /** Plans that may be applied as they were made. */
  readonly plans: Shelf;
  /** The report service; undefined: this control plane was told of none. */
  readonly reports?: ReportDesk | undefined;
  /** The names under which each kind of client asks for a service's resources. */
  resourceNames(spec: ServiceSpec): Readonly<Record<"envoy-edge" | "envoy-sidecar" | "grpc", ResourceNames>>;
  /** Where a client at this place is sent, in the order of priorities. */
  placements(service: Service, from: Locality, flavour: "envoy" | "grpc", subset?: string): readonly Placement[];
  /** A resource's content as JSON. */
  resourceJson(body: NonNullable<ResourceStatus["body"]>): unknown;
  readiness(): Readiness;
  /** The text of `/metrics`. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** How much the log says; `by` is who changes that. */
  readonly logs: { level(): LogLevel; setLevel(level: LogLevel, by: string): void };
  readonly version: string;
  /** The time of day, as the store has it: what is written with a time is. */
  now(): Date;
};

/** Documents that are put, those that go, and all documents as they are then. */
export type Proposal = {
  readonly book: Book;
  readonly documents: readonly StoredDocument[];
  readonly removed?: readonly Pick<StoredDocument, "kind" | "name">[];
};

/** What documents get wrong, and what a change of them would do. */
export type Planning = {
  /** About what is in force; at most a few seconds old. */
  findings(): Promise<readonly Finding[]>;
  /** The same as they were when last asked for; this asks. */
  lastFindings(): readonly Finding[];
  /**
   * To be asked for before documents are put: then it tells what is found about them, and what putting them brought about
   * elsewhere. Never rejects, lest a write fails because of it.
   */
  warnings(): Promise<(proposal: Proposal) => Promise<readonly Finding[]>>;
  /** Undefined before anything is served. */
  plan(proposal: Proposal): Promise<Plan | undefined>;
};

export type Registration = {
  readonly service: ServiceName;
  readonly endpoint: Endpoint;
  /** Undefined: until deleted. */
  readonly expires: Date | undefined;
  readonly registeredAt: Date;
  readonly renewedAt: Date;
};

export type Registry = {
  /** Registers or renews; `leaseSeconds` 0 is until removed. */
  put(service: ServiceName, endpoint: Endpoint, leaseSeconds: number): Promise<"created" | "renewed">;
  /** False when there is no such endpoint. */
  remove(service: ServiceName, id: EndpointId): Promise<boolean>;
  /** From now on it gets no new requests; it stays until removed. False when there is no such endpoint. */
  drain(service: ServiceName, id: EndpointId): Promise<boolean>;
  list(): readonly Registration[];
  get(service: ServiceName, id: EndpointId): Registration | undefined;
};

export type SourceOverview = {
  /** `registry`, `file`, `consul/dc-a`. */
  readonly source: string;
  readonly kind: string;
  /** `suspect`: it answers, and something of what it says is held back. */
  readonly state: "waiting" | "current" | "stale" | "suspect";
  /** Since when it is in this state; for a current one, when it last said something. */
  readonly since: Date;
  /** Undefined before its first answer. */
  readonly lastSeen?: Date | undefined;
  readonly services: number;
  readonly endpoints: number;
  /** Why it is stale, or still waiting. */
  readonly cause?: string;
  /** How much older than its arrival the oldest of its last answers may be, where it says so. */
  readonly lagMs?: number;
  /** Entries that make no endpoint. */
  readonly skipped?: readonly Problem[];
  /** Endpoints that are held back of what it says. */
  readonly held?: number;
};

/** What is held back of what the sources say. */
export type Guard = {
  rows(): readonly GuardRow[];
  /** Endpoints that no client may be sent to. */
  refused(): readonly {
    readonly service: ServiceName;
    readonly source: string;
    readonly address: string;
    readonly says: string;
  }[];
  /** Believes now what is held back of this service, and gives that; `othersTold`: whether the other replicas, if any, know of it. */
  confirm(
    service: ServiceName,
    author: { readonly by: string; readonly reason: string },
  ): Promise<{ readonly rows: readonly GuardRow[]; readonly othersTold?: boolean }>;
  /** Why no client may be sent to this address, with what to do; undefined: it may. */
  refuses(address: Endpoint["address"]): string | undefined;
};

/** How far one source is believed for one service. */
export type GuardRow = {
  readonly service: ServiceName;
  readonly source: string;
  readonly trust: "fresh" | "stale" | "suspect" | "waiting";
  readonly rewound: boolean;
  readonly said: number;
  readonly believed: number;
  readonly held: readonly HeldEndpoint[];
  readonly flapping: readonly string[];
  readonly refused: readonly Endpoint[];
};

export type HeldEndpoint = {
  readonly endpoint: Endpoint;
  readonly change: "gone" | "new";
  readonly why: WhyHeld;
  readonly heldMs: number;
  /** Undefined: not by time. */
  readonly believedInMs: number | undefined;
};

export type ResourceNames = {
  readonly listeners: readonly string[];
  readonly routes: readonly string[];
  readonly clusters: readonly string[];
  readonly endpoints: readonly string[];
};

export type Readiness = {
  readonly ready: boolean;
  /** What has not answered yet, in words: `consul/dc-b has not answered for 4 s: connection refused`. */
  readonly waitingFor: readonly string[];
  /** Sources that cannot be seen and are known as they were, in words. */
  readonly stale: readonly string[];
  /** What is held back of what sources say, in words. */
  readonly heldBack: readonly string[];
};

/** What the operator's side tells telemetry. */
export type OperatorNote =
  | AuthNote
  | {
      readonly kind: "operator-answered";
      readonly method: string;
      /** The route's pattern, not the URL: few values. */
      readonly route: string;
      readonly code: number;
      readonly tookMs: number;
    }
  | { readonly kind: "operator-failed"; readonly method: string; readonly route: string; readonly cause: Error };
