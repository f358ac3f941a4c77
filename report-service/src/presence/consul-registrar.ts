import { setTimeout as delay } from "node:timers/promises";
import { HttpError, httpJson } from "./http-json.ts";
import type { Instance, Registrar } from "./registrar.ts";

// Consul cannot tell when clients have heard of a deregistration. Weir sees it within its blocking query and pushes at
// once; this leaves clients ample time to follow.
const settleMs = 2_000;
// Consul itself rounds shorter times up to a minute.
const forgetAfter = "1m";

/**
 * Registers with a Consul agent: a service with a TTL check that every renewal passes. A TTL, because an agent in a
 * container or on another host often cannot reach the address that clients use. https://developer.hashicorp.com/consul/api-docs/agent/service
 */
export function createConsulRegistrar(agent: URL, instance: Instance): Registrar {
  const { service, id, address, locality, weight, metadata, leaseSeconds } = instance;
  const split = address.lastIndexOf(":");
  const [, zone = ""] = locality.split("/");
  const definition = {
    ID: id,
    Name: service,
    Address: address.slice(0, split).replace(/^\[|\]$/g, ""),
    Port: Number(address.slice(split + 1)),
    Meta: { ...metadata, zone, weight: String(weight) },
    Weights: { Passing: Math.min(weight, 65_535), Warning: 1 },
    Check: { TTL: `${leaseSeconds}s`, Status: "passing", DeregisterCriticalServiceAfter: forgetAfter },
  };
  const at = (path: string) => new URL(path, agent.href.endsWith("/") ? agent : `${agent.href}/`);
  const put = (path: string, body: unknown, signal: AbortSignal) => httpJson("PUT", at(path), body, signal);
  let registered = false;
  return {
    place: `the Consul agent at ${agent.origin}`,
    async register(signal) {
      if (registered && (await renewed(put(`v1/agent/check/pass/service:${id}`, undefined, signal)))) return;
      await put("v1/agent/service/register", definition, signal);
      registered = true;
    },
    async leave(signal) {
      await put(`v1/agent/service/deregister/${id}`, undefined, signal);
      await delay(settleMs, undefined, { signal });
    },
  };
}

/** False where the agent does not know the check: it was restarted without its data, or has given us up. */
async function renewed(answer: Promise<string>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof HttpError && (error.statusCode === 404 || error.statusCode === 500)) return false;
    throw error;
  }
}
