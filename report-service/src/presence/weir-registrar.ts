import { HttpError, httpJson } from "./http-json.ts";
import type { Instance, Registrar } from "./registrar.ts";

// How long Weir waits for its clients to acknowledge that we have gone.
const settleSeconds = 5;

/** Registers with Weir's own registry, whose API is at `registry`. */
export function createWeirRegistrar(registry: URL, instance: Instance): Registrar {
  const { service, id, address, locality, weight, metadata, leaseSeconds } = instance;
  const path = `v1/registry/services/${encodeURIComponent(service)}/endpoints/${encodeURIComponent(id)}`;
  const url = new URL(path, registry.href.endsWith("/") ? registry : `${registry.href}/`);
  const body = { address, locality, weight, metadata, leaseSeconds };
  return {
    place: `the registry at ${registry.origin}`,
    async register(signal) {
      await httpJson("PUT", url, body, signal);
    },
    async leave(signal) {
      const waiting = new URL(`?wait=${settleSeconds}s`, url);
      await httpJson("DELETE", waiting, undefined, signal).catch(unlessGone);
    },
  };
}

// A lease that ran out has removed us already.
function unlessGone(error: unknown): void {
  if (!(error instanceof HttpError && error.statusCode === 404)) throw error;
}
