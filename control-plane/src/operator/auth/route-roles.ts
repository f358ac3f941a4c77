import type { FastifyRequest } from "fastify";
import type { OperatorParts } from "../parts.ts";
import type { Touched } from "./principal.ts";
import { registrationTouches } from "./registration-touches.ts";

/** Who may call a route. What stands in no rule is refused. */
export type RouteRule =
  /** Also who does not say who he is: what probes and browsers ask before they could. */
  | { readonly least: "anyone" }
  | { readonly least: "viewer" | "admin" }
  /**
   * Shifters, within what is theirs. `documents`: the route changes documents through the policy store, which asks
   * `changePermits` about each as it decides; otherwise what the request would touch.
   */
  | {
      readonly least: "shifter";
      readonly within: "documents" | ((request: FastifyRequest, parts: OperatorParts) => Touched);
    };

const anyone: RouteRule = { least: "anyone" };
const viewer: RouteRule = { least: "viewer" };
const shifter: RouteRule = { least: "shifter", within: "documents" };
const admin: RouteRule = { least: "admin" };
/** Where a report is made is not its caller's to choose. */
const ofReports: RouteRule = {
  least: "shifter",
  within: (_request, { reports }) => ({ services: [reports?.service ?? "report"], datacenters: [] }),
};

/**
 * Every route of the operator API and who may call it. The server does not start with a route that has no row here. HEAD is
 * as GET. Rows are spelled as `routeOf` spells routes.
 */
export const routeRoles: Readonly<Record<string, RouteRule>> = {
  "GET /": anyone,
  // The page itself knows nothing: it asks this API for all that it shows.
  "GET /page/*": anyone,
  "GET /healthz": anyone,
  "GET /readyz": anyone,
  "GET /metrics": viewer,
  "GET /openapi.json": viewer,
  "GET /schema/v1alpha1.json": viewer,
  "GET /version": viewer,
  "GET /v1/log-levels": viewer,
  "PUT /v1/log-levels": admin,
  "GET /v1/whoami": viewer,
  // What browsers and commands need to know before they can say who they are; it is no secret.
  "GET /v1/login": anyone,

  "GET /v1/services": viewer,
  "GET /v1/services/:name": viewer,
  "GET /v1/services/:name/description": viewer,
  "GET /v1/services/:name/endpoints": viewer,
  "GET /v1/services/:name/resources": viewer,
  "PUT /v1/services/:name": admin,
  "DELETE /v1/services/:name": admin,

  "GET /v1/trafficSplits": viewer,
  "GET /v1/trafficSplits/:name": viewer,
  "GET /v1/trafficSplits/:name/description": viewer,
  "PUT /v1/trafficSplits/:name": shifter,
  "DELETE /v1/trafficSplits/:name": shifter,
  "GET /v1/trafficPolicies": viewer,
  "GET /v1/trafficPolicies/:name": viewer,
  "GET /v1/trafficPolicies/:name/description": viewer,
  "PUT /v1/trafficPolicies/:name": admin,
  "DELETE /v1/trafficPolicies/:name": admin,

  "GET /v1/routes": viewer,
  "GET /v1/routes/:name": viewer,
  "GET /v1/routes/:name/description": viewer,
  "PUT /v1/routes/:name": admin,
  "DELETE /v1/routes/:name": admin,

  "GET /v1/patches": viewer,
  "GET /v1/patches/:name": viewer,
  "GET /v1/patches/:name/description": viewer,
  "PUT /v1/patches/:name": admin,
  "DELETE /v1/patches/:name": admin,

  "GET /v1/drains": viewer,
  "GET /v1/drains/:name": viewer,
  "GET /v1/drains/:name/description": viewer,
  "PUT /v1/drains/:name": shifter,
  "DELETE /v1/drains/:name": shifter,
  "POST /v1/localities/:locality:drain": shifter,
  "POST /v1/localities/:locality:isolate": shifter,
  "POST /v1/localities/:locality:undrain": shifter,

  "POST /v1/trafficSplits/:name:shift": shifter,
  "GET /v1/operations": viewer,
  "GET /v1/operations/:name": viewer,
  "POST /v1/operations/:name:pause": shifter,
  "POST /v1/operations/:name:resume": shifter,
  "POST /v1/operations/:name:promote": shifter,
  "POST /v1/operations/:name:abort": shifter,
  "POST /v1/operations/:name:cancel": shifter,
  // Only looks.
  "POST /v1/operations/:name:wait": viewer,

  "POST /v1/config:apply": shifter,
  // Changes no document.
  "POST /v1/config:plan": viewer,
  "GET /v1/plans/:id": viewer,
  "GET /v1/findings": viewer,
  "GET /v1/revisions": viewer,
  "GET /v1/revisions/:revision": viewer,
  "GET /v1/revisions/:revision/documents": viewer,
  "POST /v1/revisions/:revision:rollback": shifter,
  "GET /v1/store": viewer,
  "GET /v1/traffic": viewer,
  "GET /v1/traffic/history": viewer,
  "GET /v1/explain": viewer,
  "GET /v1/sources": viewer,
  "GET /v1/clients": viewer,
  "GET /v1/clients/:id": viewer,
  "GET /v1/clients/:id/resources": viewer,
  "GET /v1/clients:settled": viewer,
  "GET /v1/clients:summary": viewer,
  "GET /v1/ejections": viewer,
  "GET /v1/events": viewer,

  "GET /v1/acts": viewer,
  "GET /v1/guard": viewer,
  "POST /v1/guard/:service:release": {
    least: "shifter",
    within: ({ params }) => ({ services: [(params as { service: string }).service], datacenters: "all" }),
  },

  "GET /v1/reports": viewer,
  "GET /v1/reports/:id": viewer,
  "GET /v1/reports/:id:download": viewer,
  "GET /v1/report-queues": viewer,
  "POST /v1/reports/:id:retry": ofReports,
  "POST /v1/reports/:id:cancel": ofReports,

  "GET /v1/registry/services": viewer,
  "GET /v1/registry/services/:service/endpoints": viewer,
  // What an instance that registers itself needs: a shifter of its service and its data center.
  "PUT /v1/registry/services/:service/endpoints/:id": { least: "shifter", within: registrationTouches },
  "POST /v1/registry/services/:service/endpoints/:id:drain": { least: "shifter", within: registrationTouches },
  "DELETE /v1/registry/services/:service/endpoints/:id": { least: "shifter", within: registrationTouches },
};
