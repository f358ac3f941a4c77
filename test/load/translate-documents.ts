import { documentOf } from "../kit/documents.ts";

const datacenters = ["dc-a", "dc-b", "dc-c"];

/** Services with so many endpoints in three data centers, each with a split of its own, and a policy for every hundred. */
export function servicesToTranslate(services: number, endpoints: number): readonly object[] {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  return [
    ...names.flatMap((name, index) => [
      documentOf("Service", name, { endpoints: [{ static: endpointsOf(index, endpoints) }] }),
      documentOf("TrafficSplit", name, {
        service: name,
        rules: [{ to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] }],
      }),
    ]),
    ...Array.from({ length: Math.ceil(services / 100) }, (_, index) =>
      documentOf("TrafficPolicy", `policy-${index}`, {
        targetRefs: names.slice(index * 100, (index + 1) * 100).map((name) => ({ name })),
        circuitBreaker: { maxRequests: 1_000 + index },
      }),
    ),
  ];
}

function endpointsOf(service: number, count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({
    address: `10.${service >> 8}.${service & 255}.${index + 1}:9090`,
    locality: `${datacenters[index % 3]}/z${index % 2}`,
  }));
}
