import { type Backend, startBackend } from "../kit/backend.ts";
import { documentOf } from "../kit/documents.ts";
import { type Load, startLoad } from "../kit/grpc-load.ts";
import { startEdge } from "../kit/three-data-centers.ts";
import { startWeir } from "../kit/weir.ts";
import { startXdsClient } from "../kit/xds-client.ts";
import { type Bad, backendIds, badSets, type MeasuredRow } from "./measured-rows.ts";

export type Client = Pick<Load, "send" | "sendAtRate">;

/** A control plane that serves every row as a service of its own, over the same back ends, and an Envoy edge. */
export type MeasuredScene = AsyncDisposable & {
  /** From now on these answer UNAVAILABLE, and the others well. */
  makeBad(bad: Bad): void;
  /** A client of a row's service. */
  client(row: MeasuredRow, kind: "envoy" | "node"): Promise<Client & AsyncDisposable>;
};

/** Outlier detection looks at the hosts so often in these documents. */
export const intervalMs = 1_000;

export async function startMeasuredScene(rows: readonly MeasuredRow[]): Promise<MeasuredScene> {
  await using started = new AsyncDisposableStack();
  const backends = new Map<string, Backend>();
  for (const id of backendIds)
    backends.set(id, started.use(await startBackend({ id, datacenter: `dc-${id.slice(0, 1)}` })));
  const documents = rows.flatMap((row, index) => documentsOf(row, nameOf(rows, row, index), backends));
  const weir = started.use(await startWeir({ documents: { "rows.json": documents.map(asText).join("\n---\n") } }));
  const edge = started.use(await startEdge(weir));
  const target = await edge.listener("edge");
  const running = started.move();
  return {
    makeBad(bad) {
      const ids: readonly string[] = badSets[bad];
      for (const [id, backend] of backends) backend.fail(ids.includes(id));
    },
    async client(row, kind) {
      const name = nameOf(rows, row);
      if (kind === "envoy") return startLoad({ target, authority: name });
      const node = { id: name, cluster: "billing", locality: { region: "dc-a", zone: "z1" } };
      return startXdsClient({ target: `xds:///${name}`, xds: weir.xds, node });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function nameOf(rows: readonly MeasuredRow[], row: MeasuredRow, index = rows.indexOf(row)): string {
  return `row-${index}`;
}

function asText(document: object): string {
  return JSON.stringify(document);
}

function documentsOf(
  { endpoints, rule, policy }: MeasuredRow,
  name: string,
  backends: ReadonlyMap<string, Backend>,
): readonly object[] {
  const entries = Object.entries(endpoints).flatMap(([datacenter, ids]) =>
    ids.map((id) => ({ address: backends.get(id)?.address, locality: `${datacenter}/z1`, id })),
  );
  const { outlierDetection, ...others } = policy;
  return [
    documentOf("Service", name, { endpoints: [{ static: entries }] }),
    ...(rule ? [documentOf("TrafficSplit", name, { service: name, rules: [rule] })] : []),
    documentOf("TrafficPolicy", name, {
      targetRefs: [{ name }],
      loadBalancer: { type: "RoundRobin" },
      retry: { attempts: 0 },
      // Fewer than by default: a row has a hundred requests a second for up to nine hosts.
      outlierDetection: { interval: `${intervalMs}ms`, failurePercentage: { requestVolume: 5 }, ...outlierDetection },
      ...others,
    }),
  ];
}
