import { valueAt } from "../../policy/documents/plain-json.ts";
import type { EditedDocument } from "../../policy/policy-store.ts";
import type { Touched } from "./principal.ts";

/** The data centers that a Drain takes out or gives back, and whose requests; without services it is about all of them. */
export function drainTouches(before: EditedDocument["before"], after: EditedDocument["after"]): Touched {
  const drains = [before, after].filter((each) => each !== undefined);
  return {
    services: [...new Set(drains.flatMap(servicesOf))],
    datacenters: [...new Set(drains.map((drain) => String(valueAt(drain, ["spec", "locality"])).split("/")[0] ?? ""))],
  };
}

function servicesOf(drain: Readonly<Record<string, unknown>>): readonly string[] {
  const services = valueAt(drain, ["spec", "services"]);
  return Array.isArray(services) ? services.map(String) : ["*"];
}
