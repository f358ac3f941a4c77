/** What sends the demo's requests. */
export type DemoClient = {
  readonly name: string;
  readonly kind: "Envoy" | "grpc-js";
  readonly datacenter: string;
  readonly zone: string;
};

/** An Envoy at the edge of two data centers, and a proxyless client in one of them. */
export function demoClients({ withEnvoy }: { readonly withEnvoy: boolean }): readonly DemoClient[] {
  const edges: readonly DemoClient[] = [
    { name: "edge-a", kind: "Envoy", datacenter: "dc-a", zone: "z1" },
    { name: "edge-b", kind: "Envoy", datacenter: "dc-b", zone: "z1" },
  ];
  return [...(withEnvoy ? edges : []), { name: "proxyless", kind: "grpc-js", datacenter: "dc-a", zone: "z1" }];
}
