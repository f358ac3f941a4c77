/** A document as the API takes it. */
export function documentOf<const K extends string>(kind: K, name: string, spec: object) {
  return { apiVersion: "weir/v1alpha1", kind, metadata: { name }, spec };
}

/** A service of the instances that Consul has under its name. */
export const reportFromConsul = `
apiVersion: weir/v1alpha1
kind: Service
metadata: {name: report}
spec:
  endpoints: [{consul: {service: report}}]
`;

/** Half of its requests for each of two data centers. */
export const reportInHalves = `
apiVersion: weir/v1alpha1
kind: TrafficSplit
metadata: {name: report}
spec:
  service: report
  rules: [{from: "*", to: {dc-a: 50, dc-b: 50}}]
`;
