import type { Problem } from "../lib/parsed.ts";
import type { ServiceName } from "../model/names.ts";
import type { Demand } from "./demand.ts";
import type { FeedKey } from "./feed.ts";
import type { Merged } from "./merge.ts";

/** What becomes of a service whose endpoints are not all known. */
export type ServiceNote =
  /** Its document names what no configured source can give. */
  | { readonly kind: "service-unsupplied"; readonly service: ServiceName; readonly problems: readonly Problem[] }
  /** Nothing is known of it yet, so it is not served. */
  | { readonly kind: "service-withheld"; readonly service: ServiceName; readonly missing: readonly FeedKey[] }
  /** It is served without what these would say. */
  | { readonly kind: "service-incomplete"; readonly service: ServiceName; readonly missing: readonly FeedKey[] }
  /** All of it is known. */
  | { readonly kind: "service-complete"; readonly service: ServiceName };

type Known = { readonly demand: Demand; readonly merged: Merged };

/** What is to be told when this is known after that. A service that goes on as it was is not told of again. */
export function serviceNotes(before: Known | undefined, { demand, merged }: Known): readonly ServiceNote[] {
  const notes: ServiceNote[] = [];
  if (before?.demand !== demand) {
    for (const [service, problems] of demand.problems) notes.push({ kind: "service-unsupplied", service, problems });
  }
  for (const [service, missing] of merged.withheld) {
    if (!before?.merged.withheld.has(service)) notes.push({ kind: "service-withheld", service, missing });
  }
  for (const [service, missing] of merged.incomplete) {
    if (!before?.merged.incomplete.has(service)) notes.push({ kind: "service-incomplete", service, missing });
  }
  const lacking = [...(before?.merged.withheld.keys() ?? []), ...(before?.merged.incomplete.keys() ?? [])];
  for (const service of lacking) {
    const isWhole = merged.catalog.has(service) && !merged.incomplete.has(service) && !merged.withheld.has(service);
    if (isWhole) notes.push({ kind: "service-complete", service });
  }
  return notes;
}
