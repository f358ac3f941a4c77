import type { CleanParts } from "../cleaner/clean.ts";
import type { CleanerNote } from "../cleaner/cleaner-note.ts";
import type { Config } from "../config.ts";
import { isMadeIn } from "../model/report-id.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Stores } from "../ports/stores.ts";

/** What a cleaner works with, over stores in which nothing has been decrypted: it has no use for parameters. */
export function cleanPartsOf(
  { objects: where, datacenter, ...times }: Config,
  { stores, objects }: { readonly stores: Stores; readonly objects: ObjectStore },
  observe: (note: CleanerNote) => void,
): CleanParts {
  const { cleanUp, clock, reports, uploads } = stores;
  // A bucket may be shared by data centers, each of which knows its own reports for sure and no others.
  const isOurs = (id: string): boolean => where.kind === "disk" || isMadeIn(datacenter, id);
  return { cleanUp, clock, reports, uploads, objects, isOurs, times, observe };
}
