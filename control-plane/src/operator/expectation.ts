import type { DocumentKind, StoredDocument } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { outdated } from "./change-outcome.ts";
import type { Precondition } from "./etag.ts";

/** What the store is to insist on while it changes a document, from what the request insists on; throws 412 when it is clear already. */
export function expectationOf(
  precondition: Precondition,
  {
    kind,
    name,
    current,
  }: { readonly kind: DocumentKind; readonly name: string; readonly current: StoredDocument | undefined },
): { readonly etag: string } | "absent" | undefined {
  switch (precondition.kind) {
    case "none":
      return undefined;
    case "absent":
      return "absent";
    case "unreadable":
      throw badRequest("the request's headers", [{ at: "If-Match", says: precondition.says }]);
    case "exists":
      if (!current) throw outdated(kind, name, undefined, "*");
      return { etag: current.etag };
    case "one-of": {
      const { etags } = precondition;
      if (current && etags.includes(current.etag)) return { etag: current.etag };
      throw outdated(kind, name, current, etags[0]);
    }
  }
}
