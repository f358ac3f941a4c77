import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import type { Kubernetes } from "./kubernetes.ts";

/** An EndpointSlice as the API takes it; endpoints are `[address, more]`. */
export function slice(
  name: string,
  {
    service = "report",
    addressType = "IPv4",
    ports = [{ name: "grpc", port: 9090 }],
    endpoints,
  }: {
    readonly service?: string;
    readonly addressType?: string;
    readonly ports?: readonly { readonly name: string; readonly port: number }[];
    readonly endpoints: readonly (readonly [address: string, more?: object])[];
  },
): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, labels: { "kubernetes.io/service-name": service } },
    addressType,
    ports,
    endpoints: endpoints.map(([address, more = {}]) => ({ addresses: [address], ...more })),
  };
}

export const slicesOf = (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;

export async function createNamespace(kubernetes: Kubernetes, name: string): Promise<void> {
  await kubernetes.call("POST", "/api/v1/namespaces", { metadata: { name } });
}

const collections: Readonly<Record<string, (namespace: string) => string>> = {
  Namespace: () => "/api/v1/namespaces",
  ServiceAccount: (namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts`,
  ClusterRole: () => "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: () => "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  ConfigMap: (namespace) => `/api/v1/namespaces/${namespace}/configmaps`,
  Service: (namespace) => `/api/v1/namespaces/${namespace}/services`,
  Deployment: (namespace) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  PodDisruptionBudget: (namespace) => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
  StatefulSet: (namespace) => `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  RoleBinding: (namespace) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
};

type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
};

/** What a file of k8s/base holds. */
export function manifestsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** Creates what a file of k8s/base holds, or only some kinds of it, strictly: an unknown field is refused. */
export async function create(
  kubernetes: Kubernetes,
  file: string,
  which: (kind: string) => boolean = () => true,
): Promise<void> {
  const text = await readFile(new URL(`../../k8s/base/${file}`, import.meta.url), "utf8");
  for (const manifest of manifestsIn(text)) {
    if (!which(manifest.kind)) continue;
    const collection = collections[manifest.kind];
    if (!collection) throw new Error(`${file}: what is the path of a ${manifest.kind}?`);
    const path = collection(manifest.metadata.namespace ?? "");
    await kubernetes.call("POST", `${path}?fieldValidation=Strict`, manifest);
  }
}

/** A token of the service account of the manifests, as a pod would have it. */
export async function accountToken(kubernetes: Kubernetes): Promise<string> {
  const path = "/api/v1/namespaces/weir/serviceaccounts/weir/token";
  const { status } = (await kubernetes.call("POST", path, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {},
  })) as { readonly status: { readonly token: string } };
  return status.token;
}
