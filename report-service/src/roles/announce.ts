import type { Config } from "../config.ts";
import { createConsulRegistrar } from "../presence/consul-registrar.ts";
import type { Instance, PresenceNote, Registrar } from "../presence/registrar.ts";
import { type Registration, startRegistration } from "../presence/registration.ts";
import { createWeirRegistrar } from "../presence/weir-registrar.ts";

/** Registers a server that is to be called; undefined where there is no registry, or nothing to call. */
export function announce(
  config: Config,
  listening: string,
  observe: (note: PresenceNote) => void,
): Registration | undefined {
  const { announce: place, service, id, datacenter, zone, weight, metadata, registryLeaseSeconds, roles } = config;
  if (place.kind === "nowhere" || !(roles.has("reports") || roles.has("results"))) return undefined;
  const instance: Instance = {
    service,
    id,
    address: config.advertise ?? listening,
    locality: `${datacenter}/${zone}`,
    weight,
    metadata,
    leaseSeconds: registryLeaseSeconds,
  };
  const registrar: Registrar =
    place.kind === "weir" ? createWeirRegistrar(place.url, instance) : createConsulRegistrar(place.url, instance);
  return startRegistration(registrar, registryLeaseSeconds, observe);
}
