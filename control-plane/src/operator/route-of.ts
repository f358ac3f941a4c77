import type { FastifyRequest } from "fastify";

/** The pattern that answered, as the OpenAPI document has it but for its braces; few values, so fit for a label. */
export function routeOf(request: FastifyRequest): string {
  // A verb after a parameter needs a pattern for the parameter, else its name would have the verb in it.
  return request.routeOptions.url?.replace(/\([^)]*\)/, "").replace("::", ":") ?? "none";
}
