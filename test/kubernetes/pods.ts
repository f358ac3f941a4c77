import type { Kubernetes } from "./kubernetes.ts";

/** What a scheduler and a kubelet would do to pods, played by the test: all else about them is Kubernetes' own. */
export type Pods = {
  /** A node with this zone label. */
  node(name: string, zone: string): Promise<void>;
  /** A Service over all pods with the label `app: report`, with the ports `grpc` and `metrics` by name. */
  service(name: string, more?: object): Promise<void>;
  /** A pod that runs on the node and is ready, whose port `grpc` is this one. */
  run(name: string, pod: { readonly node: string; readonly ip: string; readonly port: number }): Promise<void>;
  ready(name: string, ready: boolean): Promise<void>;
  /** Begins to end it, as a rollout does: it goes on to serve until it is gone. */
  terminate(name: string): Promise<void>;
  /** It has ended. */
  gone(name: string): Promise<void>;
};

export function playKubelet(kubernetes: Kubernetes, namespace: string): Pods {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const status = (name: string, value: object) => kubernetes.call("PATCH", `${pods}/${name}/status`, { status: value });
  const conditions = (ready: boolean) => [{ type: "Ready", status: ready ? "True" : "False" }];
  return {
    async node(name, zone) {
      const labels = { "topology.kubernetes.io/zone": zone };
      await kubernetes.call("POST", "/api/v1/nodes", { metadata: { name, labels } });
    },
    async service(name, more = {}) {
      const ports = ["grpc", "metrics"].map((port, index) => ({ name: port, port: 80 + index, targetPort: port }));
      await kubernetes.call("POST", `/api/v1/namespaces/${namespace}/services`, {
        metadata: { name },
        spec: { selector: { app: "report" }, ports, ...more },
      });
    },
    async run(name, { node, ip, port }) {
      const ports = [
        { name: "grpc", containerPort: port },
        { name: "metrics", containerPort: 9100 },
      ];
      await kubernetes.call("POST", pods, {
        metadata: { name, labels: { app: "report" } },
        spec: { nodeName: node, containers: [{ name: "report", image: "report", ports }] },
      });
      await status(name, { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: conditions(true) });
    },
    async ready(name, ready) {
      await status(name, { conditions: conditions(ready) });
    },
    async terminate(name) {
      await kubernetes.call("DELETE", `${pods}/${name}?gracePeriodSeconds=300`);
    },
    async gone(name) {
      await kubernetes.call("DELETE", `${pods}/${name}?gracePeriodSeconds=0`);
    },
  };
}
