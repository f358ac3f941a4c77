import type { Problem } from "../../lib/parsed.ts";
import { defaultPolicy } from "../../model/default-policy.ts";
import { drainedSplit, drainsAt, drainsOf } from "../../model/drain.ts";
import type { Locality } from "../../model/locality.ts";
import type { ServiceName } from "../../model/names.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { Catalog, Endpoint, ServiceSpec } from "../../model/service.ts";
import { type Split, splitAt } from "../../model/split.ts";
import type { Book } from "../../model/world.ts";
import type { DocumentRef } from "./finding.ts";

export type Path = readonly (string | number)[];

/** A document as its author wrote it: which fields are there, and where they stand. */
export type Written = DocumentRef & {
  readonly document: unknown;
  where(path: Path): Pick<Problem, "at" | "source">;
};

/** A connected client. */
export type SeenClient = {
  readonly nodeId: string;
  readonly kind: "envoy" | "grpc";
  readonly locality: Locality;
  /** User agent name and version: `gRPC Node 1.14.7`. */
  readonly agent: string;
};

/** What clients say of their requests over a window. */
export type SeenLoads = {
  readonly windowMs: number;
  readonly loads: readonly {
    readonly service: string;
    readonly from: Locality;
    readonly to: Locality;
    /** Begun within the window. */
    readonly requests: number;
    readonly inProgress: number;
  }[];
};

/** All that analyzers may read. */
export type Scene = {
  readonly book: Book;
  readonly written: readonly Written[];
  /** Services whose endpoints are known. One that is not here is not known to have none. */
  readonly catalog: Catalog;
  /** Undefined: nobody can be seen from here, which is not the same as nobody being connected. */
  readonly clients: readonly SeenClient[] | undefined;
  /** Undefined: no client reports its loads. */
  readonly loads: SeenLoads | undefined;
  readonly now: Date;
};

/** Where a sighting is: a path of a document. */
export type Place = { readonly document: DocumentRef; readonly path: Path };

/** One service with all that is said about it. */
export type Subject = {
  readonly name: ServiceName;
  readonly spec: ServiceSpec;
  /** Undefined: not known. */
  readonly endpoints: readonly Endpoint[] | undefined;
  /** As written, expired overrides too. */
  readonly split: Split | undefined;
  /** Without expired overrides, with those that drains make. */
  readonly splitNow: Split | undefined;
  /** With defaults filled in; the default policy where no document is for this service. */
  readonly policy: TrafficPolicy;
  /** Is this field of the TrafficPolicy's spec written down, or a default? */
  isWritten(...path: Path): boolean;
  /** Of the TrafficPolicy; where there is none, of the Service. */
  inPolicy(...path: Path): Place;
  /** Of the TrafficSplit; where there is none, of the Service. */
  inSplit(...path: Path): Place;
  inService(...path: Path): Place;
};

const subjectsOfScenes = new WeakMap<Scene, readonly Subject[]>();

export function subjectsOf(scene: Scene): readonly Subject[] {
  const known = subjectsOfScenes.get(scene);
  if (known) return known;
  const { book, written, catalog, now } = scene;
  const documents = new Map(written.map((each) => [`${each.kind}/${each.name}`, each.document]));
  const policies = new Map(book.policies.flatMap((each) => each.services.map((service) => [service, each] as const)));
  const drains = drainsAt(book.drains, now);
  const subjects = [...book.services.values()].map((spec): Subject => {
    const { name } = spec;
    const split = book.splits.get(name);
    const policy = policies.get(name);
    const service = { kind: "Service", name };
    const place = (document: DocumentRef | undefined, path: Path): Place =>
      document ? { document, path: ["spec", ...path] } : { document: service, path: [] };
    const policyDocument = policy && { kind: "TrafficPolicy", name: policy.name };
    const policyText = policy && documents.get(`TrafficPolicy/${policy.name}`);
    return {
      name,
      spec,
      endpoints: catalog.get(name)?.endpoints,
      split,
      splitNow: drainedSplit(name, split && splitAt(split, now), drainsOf(name, drains)),
      policy: policy?.policy ?? defaultPolicy,
      isWritten: (...path) => valueIn(policyText, ["spec", ...path]) !== undefined,
      inPolicy: (...path) => place(policyDocument, path),
      inSplit: (...path) => place(split && { kind: "TrafficSplit", name: split.name }, path),
      inService: (...path) => place(service, path),
    };
  });
  subjectsOfScenes.set(scene, subjects);
  return subjects;
}

function valueIn(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string | number, unknown>>)[step];
  }
  return here;
}
