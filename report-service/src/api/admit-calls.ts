import { type Metadata, status } from "@grpc/grpc-js";
import { parseTenantName, type TenantId } from "../model/names.ts";
import type { Authenticator, Caller, Peer } from "../ports/authenticator.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import { CallError, errorInfo, retryInfo, serviceErrorOf } from "./call-error.ts";
import type { CallHook } from "./call-hooks.ts";

// Metadata is the one thing that goes with a call from its interceptors to its handler.
const callers = new WeakMap<Metadata, Caller>();

/** Refuses strangers before their request is read. Health and reflection tell nothing of tenants and stay open. */
export function authenticate(authenticator: Authenticator): CallHook {
  return (path, call) => {
    if (path.startsWith("/grpc.")) return undefined;
    return {
      onRequest(metadata, pass, answer) {
        const peer: Peer = {
          address: call.getConnectionInfo().remoteAddress,
          header: (name) => metadata.get(name).find((value) => typeof value === "string"),
          // No getter: V8 makes a hidden class of every object literal with one, and that keeps the call it closes over
          // until the next full collection, with all that the call holds.
          subjectAltName: () => call.getAuthContext().sslPeerCertificate?.subjectaltname,
        };
        const admit = (caller: Caller): void => {
          callers.set(metadata, caller);
          if (caller.kind !== "stranger") {
            pass();
            return;
          }
          const { message, metadata: details, code } = serviceErrorOf(unknownCaller(caller.why));
          answer({ code, details: message, metadata: details });
        };
        // Most know at once, and a turn of the event loop for each call is not free.
        const caller = authenticator(peer);
        if (caller instanceof Promise) caller.catch(unidentified).then(admit);
        else admit(caller);
      },
    };
  };
}

function unidentified(): Caller {
  return { kind: "stranger", why: "who calls could not be found out" };
}

/** What stands between a decoded request and its handler; throws what to answer instead. */
export type Guard = (request: unknown, metadata: Metadata) => Promise<void>;

/** Lets callers speak only for their tenant, and each tenant ask for only so much; a batch costs as much as it holds. */
export function guardTenants(limiter: RateLimiter | undefined): Guard {
  return async (request, metadata) => {
    const tenant = tenantOf(request);
    if (tenant === undefined) return;
    const caller = callers.get(metadata);
    if (caller?.kind === "tenant" && caller.tenant !== tenant) throw notYours(tenant);
    const taken = await limiter?.take(tenant, costOf(request), performance.now());
    if (taken?.kind === "limited") throw tooMany(tenant, taken.retryAfterMs);
  };
}

/** Every request about a tenant names it in `parent` or first in `name`. What is no name is refused by its handler. */
function tenantOf(request: unknown): TenantId | undefined {
  const { parent, name } = request as { readonly parent?: unknown; readonly name?: unknown };
  const resource = typeof parent === "string" ? parent : typeof name === "string" ? name : "";
  return parseTenantName(resource.split("/", 2).join("/"));
}

function costOf(request: unknown): number {
  const { requests } = request as { readonly requests?: unknown };
  return Array.isArray(requests) ? Math.max(1, requests.length) : 1;
}

function unknownCaller(why: string): CallError {
  return new CallError(status.UNAUTHENTICATED, why, [errorInfo("CALLER_UNKNOWN")]);
}

function notYours(tenant: TenantId): CallError {
  return new CallError(status.PERMISSION_DENIED, `you may not speak for tenants/${tenant}`, [
    errorInfo("TENANT_NOT_YOURS"),
  ]);
}

function tooMany(tenant: TenantId, retryAfterMs: number): CallError {
  const message = `tenants/${tenant} asks for more than it may; try again in ${retryAfterMs} ms`;
  return new CallError(status.RESOURCE_EXHAUSTED, message, [
    retryInfo(retryAfterMs),
    errorInfo("TENANT_RATE_LIMITED", { tenant }),
  ]);
}
