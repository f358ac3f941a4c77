/** Weir's documents for a report service whose watches are shared out by a ring hash: `endpoints` is each Service's list of them. */
export function reportDocuments(endpoints: string): string {
  return `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec: {protocol: GRPC, hosts: [report], endpoints: ${endpoints}}
---
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report-result}
spec: {protocol: GRPC, endpoints: ${endpoints}}
---
apiVersion: weir/v1alpha1
kind: Route
metadata: {name: report}
spec:
  hosts: [report]
  rules: [{matches: [{method: {service: report.v1.Results}}], backendRefs: [{service: report-result}]}]
---
apiVersion: weir/v1alpha1
kind: TrafficPolicy
metadata: {name: report-result}
spec:
  targetRefs: [{name: report-result}]
  loadBalancer:
    type: RingHash
    # Without a limit a ring alone shares 300 streams out within some 20 %.
    consistentHash: {header: x-report-id, balanceFactor: 105}
`;
}
