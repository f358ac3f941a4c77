import type { FastifyRequest } from "fastify";
import { valueAt } from "../../policy/documents/plain-json.ts";
import type { OperatorParts } from "../parts.ts";
import type { Touched } from "./principal.ts";

/** The service, and the region that the endpoint is in and the one that it is to be in; one without may get anybody's calls. */
export function registrationTouches(
  { method, params, body }: Pick<FastifyRequest, "method" | "params" | "body">,
  { registry }: Pick<OperatorParts, "registry">,
): Touched {
  const { service, id } = params as { readonly service: string; readonly id: string };
  const known = registry.list().filter((each) => each.service === service && each.endpoint.id === id);
  const locality = valueAt(body, ["locality"]);
  if (method === "PUT" && typeof locality !== "string") return { services: [service], datacenters: "all" };
  const wanted = typeof locality === "string" ? [locality.split("/")[0] ?? ""] : [];
  return { services: [service], datacenters: [...known.map(({ endpoint }) => endpoint.locality.region), ...wanted] };
}
