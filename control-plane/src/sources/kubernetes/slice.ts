import { z } from "zod";

/** What is kept of an EndpointSlice. */
export type Slice = {
  readonly name: string;
  readonly service: string;
  /** Without those of Kubernetes itself. Its controller copies them from the Service. */
  readonly labels: Readonly<Record<string, string>>;
  /** `IPv4`, `IPv6`, `FQDN`. */
  readonly addressType: string;
  readonly ports: readonly { readonly name: string; readonly port: number | undefined }[];
  readonly endpoints: readonly SliceEndpoint[];
  /** What cannot be read of it; it then has no endpoints. */
  readonly unreadable: readonly string[];
};

export type SliceEndpoint = {
  readonly address: string;
  readonly conditions: Conditions;
  readonly zone: string | undefined;
  /** The zones whose clients are meant to use it. */
  readonly hintedZones: readonly string[];
  readonly node: string | undefined;
  /** `reports/report-7d4b9-x2x`: the pod behind it. */
  readonly pod: string | undefined;
};

/** Absent is unknown. */
export type Conditions = {
  readonly ready: boolean | undefined;
  readonly terminating: boolean | undefined;
};

export const serviceLabel = "kubernetes.io/service-name";

const nameSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
});
const flag = z.boolean().nullish();
const sliceSchema = z.looseObject({
  addressType: z.string(),
  ports: z
    .array(z.looseObject({ name: z.string().nullish(), port: z.number().nullish(), protocol: z.string().nullish() }))
    .nullish(),
  endpoints: z
    .array(
      z.looseObject({
        addresses: z.array(z.string()).min(1),
        conditions: z.looseObject({ ready: flag, terminating: flag }).nullish(),
        zone: z.string().nullish(),
        hints: z.looseObject({ forZones: z.array(z.looseObject({ name: z.string() })).nullish() }).nullish(),
        nodeName: z.string().nullish(),
        targetRef: z
          .looseObject({ kind: z.string().nullish(), namespace: z.string().nullish(), name: z.string().nullish() })
          .nullish(),
      }),
    )
    .nullish(),
});
type Read = z.output<typeof sliceSchema>;

/** Reads an EndpointSlice of discovery.k8s.io/v1. Throws only where it cannot be told whose it is. */
export function readSlice(raw: unknown): Slice {
  const { name, labels } = nameSchema.parse(raw).metadata;
  const service = labels?.[serviceLabel] ?? "";
  const own = Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !isOfKubernetes(key)));
  const result = sliceSchema.safeParse(raw);
  if (!result.success) {
    const unreadable = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    return { name, service, labels: own, addressType: "", ports: [], endpoints: [], unreadable };
  }
  const { addressType, ports, endpoints } = result.data;
  return {
    name,
    service,
    labels: own,
    addressType,
    ports: (ports ?? []).flatMap(({ name, port, protocol }) =>
      // Nothing in xDS that Weir sends goes over UDP or SCTP.
      (protocol ?? "TCP") === "TCP" ? { name: name ?? "", port: port ?? undefined } : [],
    ),
    endpoints: (endpoints ?? []).map(endpointOf),
    unreadable: [],
  };
}

/** `kubernetes.io/service-name`, `endpointslice.kubernetes.io/managed-by`; `app.kubernetes.io/version` is the user's to say. */
function isOfKubernetes(label: string): boolean {
  return !label.startsWith("app.kubernetes.io/") && /^([a-z0-9-]+\.)*(kubernetes|k8s)\.io\//.test(label);
}

function endpointOf(raw: NonNullable<Read["endpoints"]>[number]): SliceEndpoint {
  const { addresses, conditions, zone, hints, nodeName, targetRef } = raw;
  const pod =
    targetRef?.kind === "Pod" && targetRef.name ? `${targetRef.namespace ?? ""}/${targetRef.name}` : undefined;
  return {
    // The API gives further addresses of an endpoint no meaning, and kube-proxy does not look at them.
    address: addresses[0] ?? "",
    conditions: {
      ready: conditions?.ready ?? undefined,
      terminating: conditions?.terminating ?? undefined,
    },
    zone: zone || undefined,
    hintedZones: hints?.forZones?.map(({ name }) => name) ?? [],
    node: nodeName || undefined,
    pod,
  };
}
