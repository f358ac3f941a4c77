import type { FastifyRequest } from "fastify";
import { isAtLeast } from "../../model/role.ts";
import { ApiError, refusal } from "../api-error.ts";
import type { OperatorApp } from "../operator-context.ts";
import type { OperatorParts } from "../parts.ts";
import { routeOf, routeText } from "../route-of.ts";
import type { AuthNote } from "./auth-note.ts";
import { certificateNames } from "./certificate-names.ts";
import { reachText } from "./change-permits.ts";
import { outOfReach, type Principal } from "./principal.ts";
import { type RouteRule, routeRoles } from "./route-roles.ts";
import type { Tokens, TokenVerdict } from "./tokens.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null where nobody is asked who they are, and on routes that are for anyone. */
    principal: Principal | null;
  }
}

/**
 * Lets each request through only to what its sender may do, before its body is read. Without `tokens` nobody is asked, for a
 * server on loopback. Routes must be added after this; one without a row in `routeRoles` throws.
 */
export function enforceRoles(
  app: OperatorApp,
  {
    tokens,
    parts,
    observe,
  }: {
    readonly tokens: Tokens | undefined;
    readonly parts: OperatorParts;
    readonly observe: (note: AuthNote) => void;
  },
): void {
  app.decorateRequest("principal", null);
  app.addHook("onRoute", ({ method, url }) => {
    for (const each of [method].flat()) ruleOf(each, routeText(url));
  });
  // Whatever is refused, here or by what decides about documents.
  app.addHook("onError", async (request, _reply, error) => {
    if (!(error instanceof ApiError) || (error.body.code !== 401 && error.body.code !== 403)) return;
    const info = error.body.details.find((each) => "reason" in each);
    const name = request.principal?.name ?? info?.metadata["name"] ?? "";
    observe({
      ...{ kind: "operator-denied", name, method: request.method, route: routeOf(request) },
      reason: info?.reason ?? error.body.status,
    });
  });
  if (!tokens) return;

  app.addHook("onRequest", async (request) => {
    // A path that nothing stands at is told only to who is known: what there is is not for everyone.
    const rule: RouteRule = request.is404 ? { least: "viewer" } : ruleOf(request.method, routeOf(request));
    if (rule.least === "anyone") return;
    const principal = await known(request, tokens);
    request.principal = principal;
    if (isAtLeast(principal.role, rule.least)) return;
    const { name, role } = principal;
    const route = `${request.method} ${routeOf(request)}`;
    const says = `${route} is for ${rule.least}, and ${name} is ${role}`;
    throw refusal(403, "PERMISSION_DENIED", "ROLE_TOO_SMALL", says, { route, name, role, needed: rule.least });
  });

  app.addHook("preHandler", async (request) => {
    const { principal } = request;
    if (!principal || request.is404) return;
    const rule = ruleOf(request.method, routeOf(request));
    if (rule.least !== "shifter" || rule.within === "documents") return;
    const { name, role } = principal;
    const { services, datacenters } = outOfReach(principal, rule.within(request, parts));
    if (services.length + datacenters.length === 0) return;
    const says = reachText(name, "this touches", { services, datacenters });
    const metadata = { name, role, services: services.join(","), datacenters: datacenters.join(",") };
    throw refusal(403, "PERMISSION_DENIED", "OUT_OF_REACH", says, metadata);
  });
}

/** By the token that the request shows, else by the certificate of its connection; 401 for anyone else. */
async function known({ headers: { authorization }, raw }: FastifyRequest, tokens: Tokens): Promise<Principal> {
  if (authorization === undefined) {
    const names = certificateNames(raw);
    if (names) return inOrNot(await tokens.ofCertificate(names), "certificate");
    const how = "expected Authorization: Bearer TOKEN (weir --token-file FILE, or WEIR_TOKEN)";
    throw unknown("NO_TOKEN", `say who you are: ${how}`);
  }
  const token = /^Bearer +([!-~]+) *$/i.exec(authorization)?.[1];
  if (token === undefined) throw unknown("NO_TOKEN", "the Authorization header is not Bearer TOKEN");
  return inOrNot(await tokens.whose(token), "token");
}

function inOrNot(verdict: TokenVerdict, what: Principal["knownBy"]): Principal {
  const reason = what.toUpperCase();
  switch (verdict.kind) {
    case "known":
      return verdict.principal;
    case "expired": {
      const { name, at } = verdict;
      throw unknown(`${reason}_EXPIRED`, `the ${what} of ${name} expired at ${at.toISOString()}`, { name });
    }
    case "unknown":
      throw unknown(`${reason}_UNKNOWN`, `this server knows no such ${what}`);
    case "refused": {
      const { code, says, metadata } = verdict;
      if (code === 401) throw unknown(verdict.reason, says, metadata);
      if (code === 403) throw refusal(403, "PERMISSION_DENIED", verdict.reason, says, metadata);
      throw refusal(503, "UNAVAILABLE", verdict.reason, says, metadata, { "retry-after": "5" });
    }
  }
}

function unknown(reason: string, says: string, metadata: Readonly<Record<string, string>> = {}): ApiError {
  return refusal(401, "UNAUTHENTICATED", reason, says, metadata, { "www-authenticate": 'Bearer realm="weir"' });
}

/** Throws for a route that has no row: it would be open to nobody, and whoever adds it has to say to whom. */
export function ruleOf(method: string, route: string): RouteRule {
  const row = `${method === "HEAD" ? "GET" : method} ${route}`;
  const rule = Object.hasOwn(routeRoles, row) ? routeRoles[row] : undefined;
  if (rule) return rule;
  throw new Error(`"${row}" has no row in control-plane/src/operator/auth/route-roles.ts: say there who may call it`);
}
