import { whyHeldText } from "../model/why-held.ts";
import type { GuardNote } from "../sources/guard/guard-note.ts";
import { sourceLabels } from "./metrics.ts";
import type { Rows } from "./row.ts";

/** What is held back of what the sources say. */
export const guardRows: Rows<GuardNote> = {
  "guard-held": {
    level: "warn",
    says: ({ service, source, change, addresses, why, holdMs }) =>
      change === "gone"
        ? `${source} no longer names ${addresses.length} endpoints of ${service} (${whyHeldText[why]}): they stay until it has repeated that for ${holdMs / 1000} s, or \`weir guard release ${service}\``
        : `${source} names ${addresses.length} new endpoints of ${service} (${whyHeldText[why]}): they are not served until it has repeated that for ${holdMs / 1000} s, or \`weir guard release ${service}\``,
    fields: ({ service, source, feed, change, why, addresses }) => ({
      ...{ component: "guard", service, source, feed, change, why },
      addresses: addresses.slice(0, 20),
    }),
    counts: ({ source, addresses }, { held }) => held.inc(sourceLabels(source), addresses.length),
  },
  "guard-taken-back": {
    level: "info",
    says: ({ service, source, addresses, heldMs }) =>
      `${source} takes back what was held back of ${service} for ${Math.round(heldMs)} ms: ${addresses.length} endpoints`,
    fields: ({ service, source, feed, addresses }) => ({
      ...{ component: "guard", service, source, feed },
      addresses: addresses.slice(0, 20),
    }),
  },
  "guard-let-go": {
    level: "warn",
    says: ({ service, source, change, addresses, heldMs, confirmed }) =>
      `${addresses.length} endpoints of ${service} ${change === "gone" ? "are removed" : "are served"} after ${Math.round(heldMs / 1000)} s, as ${source} says${confirmed ? " and an operator confirmed" : ""}`,
    fields: ({ service, source, feed, change, addresses, confirmed }) => ({
      ...{ component: "guard", service, source, feed, change, confirmed },
      addresses: addresses.slice(0, 20),
    }),
    counts: ({ source, addresses, confirmed }, { letGo }) =>
      letGo.inc({ ...sourceLabels(source), by: confirmed ? "operator" : "time" }, addresses.length),
  },
  "endpoint-flapping": {
    level: "warn",
    says: ({ service, source, address }) =>
      `${address} of ${service} flaps in ${source}: its changes are put off, each longer than the one before`,
    fields: ({ service, source, feed, address }) => ({ component: "guard", service, source, feed, address }),
    again: ({ feed, address }) => `${feed} ${address}`,
  },
  "endpoint-refused": {
    level: "error",
    says: ({ service, source, says }) => `${service}: ${source} names an endpoint that is left out: ${says}`,
    fields: ({ service, source, address }) => ({ component: "guard", service, source, address }),
    again: ({ service, address }) => `${service} ${address}`,
  },
  "guard-confirmed": {
    level: "info",
    says: ({ service, by, reason }) =>
      `${by} confirms what is held back of ${service}${reason === "" ? "" : `: ${reason}`}`,
    fields: ({ service, by, reason }) => ({ component: "guard", service, by, reason }),
  },
};
