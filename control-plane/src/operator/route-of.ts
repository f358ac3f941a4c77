import type { FastifyRequest } from "fastify";

/** The pattern that answered, as the OpenAPI document has it but for its braces; few values, so fit for a label. */
export function routeOf(request: FastifyRequest): string {
  const { url } = request.routeOptions;
  return url === undefined ? "none" : routeText(url);
}

/** A route's pattern as it was registered, without what only the router needs. */
export function routeText(url: string): string {
  // A verb after a parameter needs a pattern for the parameter, else its name would have the verb in it.
  return url.replace(/\([^)]*\)/, "").replace("::", ":");
}
