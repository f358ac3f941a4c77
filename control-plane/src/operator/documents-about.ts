import { never } from "../lib/exhaustive.ts";
import { parseServiceName, type ServiceName } from "../model/names.ts";
import type { DocumentKind, PolicyStore, StoredDocument } from "../policy/policy-store.ts";

/** A document, or what holds in place of one that nobody wrote. */
export type About = {
  readonly kind: DocumentKind;
  readonly name: string;
  /** In place of one that nobody wrote the least that one can say. */
  readonly spec: unknown;
  /** Undefined: the defaults. */
  readonly stored: StoredDocument | undefined;
};

/**
 * The services that a document is about, and what is to be shown with it: the document itself, and for a Service whatever
 * else says how it is called, with the defaults where nothing does.
 */
export function documentsAbout(
  policies: Pick<PolicyStore, "list">,
  document: StoredDocument,
): { readonly about: readonly About[]; readonly services: readonly ServiceName[] } {
  const { kind, name } = document;
  if (kind !== "Service") return { about: [asStored(document)], services: servicesOf(document) };
  const service = parseServiceName(name);
  if (!service) throw new Error(`a Service "${name}" is stored, which is no name`);
  const isAbout = (other: StoredDocument) => servicesOf(other).includes(service);
  const others = (["TrafficSplit", "TrafficPolicy"] as const).map((each) => {
    const found = policies.list(each).find(isAbout);
    return found ? asStored(found) : { kind: each, name, spec: unwritten[each](name), stored: undefined };
  });
  const routes = policies.list("Route").filter((route) => isAbout(route) || sharesHost(route, document));
  const patches = policies.list("Patch").filter(isAbout);
  // A drain without a list is for all services.
  const drains = policies.list("Drain").filter((each) => isAbout(each) || specOf(each).services === undefined);
  return {
    about: [asStored(document), ...others, ...[...routes, ...patches, ...drains].map(asStored)],
    services: [service],
  };
}

/** The least that a document for this service can say: all else is default. */
const unwritten = {
  TrafficSplit: (service: string) => ({ service, rules: [{ prefer: "nearest" }] }),
  TrafficPolicy: (service: string) => ({ targetRefs: [{ name: service }] }),
} as const;

function asStored(stored: StoredDocument): About {
  return { kind: stored.kind, name: stored.name, spec: stored.document["spec"], stored };
}

/** As much of the specs of all kinds as says which services they are about. */
type Spec = {
  readonly service?: unknown;
  readonly type?: unknown;
  readonly name?: unknown;
  readonly hosts?: readonly unknown[];
  readonly services?: readonly unknown[];
  readonly targetRefs?: readonly { readonly name?: unknown }[];
  readonly rules?: readonly {
    readonly backendRefs?: readonly { readonly service?: unknown }[];
    readonly mirror?: { readonly service?: unknown };
  }[];
};

function servicesOf(document: StoredDocument): readonly ServiceName[] {
  const named = namesIn(document).flatMap((each) => (typeof each === "string" ? (parseServiceName(each) ?? []) : []));
  return [...new Set(named)];
}

function namesIn({ kind, name, document }: StoredDocument): readonly unknown[] {
  const { service, type, name: patched, targetRefs = [], rules = [], services = [] } = specOf(document);
  switch (kind) {
    case "Service":
      return [name];
    case "TrafficSplit":
      return [service];
    case "TrafficPolicy":
      return targetRefs.map((target) => target.name);
    case "Drain":
      return services;
    case "Patch":
      return [serviceOfPatch(String(type), String(patched))];
    case "Route":
      return rules.flatMap(({ backendRefs = [], mirror }) =>
        [...backendRefs, ...(mirror ? [mirror] : [])].map((ref) => ref.service),
      );
    default:
      return never(kind);
  }
}

/** `report` of `report|v2`, `report/canary` and `inbound/report`; nothing of a listener that takes calls for all. */
function serviceOfPatch(type: string, patched: string): string {
  const [first = "", second = ""] = patched.split(/[|/]/);
  if (first === "inbound") return second;
  return type === "Listener" ? "" : first;
}

/** Both documents have their own name for a host, unless they say others. */
function sharesHost(a: StoredDocument, b: StoredDocument): boolean {
  const hosts = hostsOf(b);
  return hostsOf(a).some((host) => hosts.includes(host));
}

function hostsOf({ name, document }: StoredDocument): readonly string[] {
  return (specOf(document).hosts ?? [name]).map((host) => String(host).toLowerCase());
}

/** Of a document that passed its schema. */
function specOf(document: StoredDocument["document"]): Spec {
  return (document["spec"] ?? {}) as Spec;
}
