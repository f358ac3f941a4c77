import { type Backend, startBackend } from "../../kit/backend.ts";
import type { CallRecord } from "../../kit/echo.ts";
import { type Load, startLoad } from "../../kit/grpc-load.ts";
import { freePorts } from "../../kit/ports.ts";
import { startEdge } from "../../kit/three-data-centers.ts";
import { startWeir, type Weir } from "../../kit/weir.ts";
import { startXdsClient } from "../../kit/xds-client.ts";
import { type Addresses, documentsOf, type PlacedEndpoint, placed } from "./documents-of.ts";
import { type ClientKind, clientsPlace, type Situation } from "./situation.ts";

/** A situation as a service of its own, so that nothing that a client remembers of one is left in the next. */
export type Subject = {
  readonly service: string;
  readonly situation: Situation;
  readonly endpoints: readonly PlacedEndpoint[];
};

export type PredictionScene = AsyncDisposable & {
  readonly weir: Weir;
  readonly subjects: readonly Subject[];
  /** Of the back ends that answer or err. */
  readonly addressOfId: ReadonlyMap<string, string>;
  send(client: ClientKind, subject: Subject, count: number): Promise<readonly CallRecord[]>;
};

/** On a machine that is busy with other things a request may take seconds. */
const deadlineMs = 20_000;

/** One control plane, an Envoy, a proxyless client and a few back ends, for all situations. */
export async function startPredictionScene(situations: readonly Situation[]): Promise<PredictionScene> {
  await using started = new AsyncDisposableStack();
  const { addresses, addressOfId } = await startBackends(started);
  const subjects = situations.map((situation, index) => {
    const service = `s${String(index + 1).padStart(3, "0")}`;
    return { service, situation, endpoints: placed(situation, addresses) };
  });
  const weir = started.use(await startWeir());
  const documents = subjects.flatMap(({ service, situation, endpoints }) => documentsOf(service, situation, endpoints));
  const { status, body } = await weir.api("POST", "/v1/config:apply", documents);
  if (status >= 300) throw new Error(`applying the situations: ${status} ${JSON.stringify(body)}`);
  const edge = started.use(await startEdge(weir, { locality: { ...clientsPlace, subZone: "" } }));
  const listener = await edge.listener("edge");
  const node = { id: "client-1", cluster: "billing", locality: clientsPlace };
  const proxyless = started.use(await startXdsClient({ target: "xds:///s001", xds: weir.xds, node }));
  const loads = started.use(new AsyncDisposableStack());
  const throughEdge = new Map<string, Load>();
  const loadOf = (service: string) => {
    const load = throughEdge.get(service) ?? loads.use(startLoad({ target: listener, authority: service }));
    throughEdge.set(service, load);
    return load;
  };
  const running = started.move();
  return {
    weir,
    subjects,
    addressOfId,
    send(client, { service, situation: { atOnce = 10, headers = {}, freshHeader } }, count) {
      const options = { atOnce, headers, deadlineMs, ...(freshHeader !== undefined && { freshHeader }) };
      return client === "edge"
        ? loadOf(service).send(count, options)
        : proxyless.send(count, { ...options, target: `xds:///${service}` });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** As many as the largest situation needs. */
async function startBackends(
  started: AsyncDisposableStack,
): Promise<{ readonly addresses: Addresses; readonly addressOfId: ReadonlyMap<string, string> }> {
  const start = async (name: string, count: number): Promise<readonly Backend[]> => {
    const backends = Array.from({ length: count }, (_, index) =>
      startBackend({ id: `${name}-${index}`, datacenter: name }),
    );
    return (await Promise.all(backends)).map((backend) => started.use(backend));
  };
  const answering = await start("answering", 15);
  const erring = await start("erring", 9);
  for (const backend of erring) backend.fail(true);
  const addresses = {
    answering: answering.map(({ address }) => address),
    erring: erring.map(({ address }) => address),
    gone: (await freePorts(9)).map((port) => `127.0.0.1:${port}`),
  };
  return { addresses, addressOfId: new Map([...answering, ...erring].map(({ id, address }) => [id, address])) };
}
