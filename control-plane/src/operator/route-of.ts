import type { FastifyRequest } from "fastify";

/** The pattern that answered, as the OpenAPI document has it but for its braces; few values, so fit for a label. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url?.replace("::", ":") ?? "none";
}
