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
  const others = (["TrafficSplit", "TrafficPolicy"] as const).map((each) => {
    const found = policies.list(each).find((other) => servicesOf(other).some((target) => target === name));
    return found ? asStored(found) : { kind: each, name, spec: unwritten[each](name), stored: undefined };
  });
  return { about: [asStored(document), ...others], services: service ? [service] : [] };
}

/** The least that a document for this service can say: all else is default. */
const unwritten = {
  TrafficSplit: (service: string) => ({ service, rules: [{ prefer: "nearest" }] }),
  TrafficPolicy: (service: string) => ({ targetRefs: [{ name: service }] }),
} as const;

function asStored(stored: StoredDocument): About {
  return { kind: stored.kind, name: stored.name, spec: stored.document["spec"], stored };
}

type Spec = { readonly service?: unknown; readonly targetRefs?: readonly { readonly name?: unknown }[] };

function servicesOf({ kind, name, document }: StoredDocument): readonly ServiceName[] {
  const spec = (document["spec"] ?? {}) as Spec;
  const names =
    kind === "Service"
      ? [name]
      : kind === "TrafficSplit"
        ? [spec.service]
        : (spec.targetRefs ?? []).map((target) => target.name);
  return names.flatMap((each) => (typeof each === "string" ? (parseServiceName(each) ?? []) : []));
}
