import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import {
  LoadReportingService,
  type LoadStatsRequest,
  LoadStatsRequestSchema,
  type LoadStatsResponse,
  type LoadStatsResponseSchema,
} from "@weir/proto/envoy/service/load_stats/v3/lrs_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { createLoads, type Loads } from "../../control-plane/src/serve/loads/loads.ts";
import { type LoadNote, lrsService } from "../../control-plane/src/serve/loads/lrs-service.ts";
import { viewerOfNode } from "../../control-plane/src/serve/viewer-of-node.ts";
import { inTime } from "../kit/wait.ts";

export type Request = MessageInitShape<typeof LoadStatsRequestSchema>;

export const sendsAll = "envoy.lrs.supports_send_all_clusters";
export const edge = {
  ...{ id: "edge-1", cluster: "edge", userAgentName: "envoy", clientFeatures: [sendsAll] },
  locality: { region: "dc-a", zone: "z1" },
};

/** The load reporting service with a clock that a test moves, and plain clients of it. */
export type LrsScene = AsyncDisposable & {
  readonly loads: Loads;
  readonly notes: readonly LoadNote[];
  /** Moves the clock on. */
  pass(ms: number): void;
  /** What clients that cannot report all clusters are asked for. */
  setClusters(names: readonly string[]): void;
  connect(): LoadStream;
};

export async function startLrsScene({
  services = ["report"],
  intervalMs = 2_000,
  refuse = () => undefined,
  firstRequestTimeoutMs = 60_000,
}: {
  readonly services?: readonly string[];
  readonly intervalMs?: number;
  readonly firstRequestTimeoutMs?: number;
  readonly refuse?: (identity: { readonly nodeId: string }) => string | undefined;
} = {}): Promise<LrsScene> {
  const notes: LoadNote[] = [];
  const clients: Client[] = [];
  let nowMs = 1_000_000;
  let clusters = services;
  const monotonicMs = () => nowMs;
  const loads = createLoads({ now: monotonicMs, serviceOf: (name) => services.find((each) => each === name) });
  const { definition, handlers } = lrsService({
    ...{ identify: viewerOfNode, refuse, loads, intervalMs, firstRequestTimeoutMs, monotonicMs },
    clusters: () => clusters,
    observe: (note) => notes.push(note),
  });
  const server = new Server();
  server.addService(definition, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    const done = (error: Error | null, chosen: number) => (error ? reject(error) : resolve(chosen));
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
  });
  return {
    loads,
    notes,
    pass(ms) {
      nowMs += ms;
    },
    setClusters(names) {
      clusters = names;
    },
    connect() {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
      clients.push(client);
      return openStream(client);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      server.forceShutdown();
    },
  };
}

/** A plain client's stream to any server. */
export function connectLoads(address: string): LoadStream & Disposable {
  const client = new Client(address, credentials.createInsecure());
  return { ...openStream(client), [Symbol.dispose]: () => client.close() };
}

/** One stream of reports. */
export type LoadStream = {
  send(request: Request): void;
  sendBytes(bytes: Uint8Array): void;
  /** The server's next message. */
  answer(): Promise<LoadStatsResponse>;
  /** How many messages came so far. */
  answers(): number;
  /** How the stream ended: `INVALID_ARGUMENT: …`. */
  ended(): Promise<string>;
  end(): void;
};

function openStream(client: Client): LoadStream {
  const method = methodOf<typeof LoadStatsRequestSchema, typeof LoadStatsResponseSchema>(
    LoadReportingService,
    LoadReportingService.method.streamLoadStats,
  );
  const serialize = (request: LoadStatsRequest | Uint8Array) =>
    request instanceof Uint8Array ? Buffer.from(request) : method.requestSerialize(request);
  const call: ClientDuplexStream<LoadStatsRequest | Uint8Array, LoadStatsResponse> = client.makeBidiStreamRequest(
    method.path,
    serialize,
    method.responseDeserialize,
  );
  const came: LoadStatsResponse[] = [];
  let taken = 0;
  let wake = (): void => undefined;
  call.on("data", (response) => {
    came.push(response);
    wake();
  });
  const ended = new Promise<string>((resolve) => {
    call.on("error", ({ code, details }: ServiceError) => resolve(`${status[code]}: ${details}`));
    call.on("end", () => resolve("OK"));
  });
  return {
    send(request) {
      call.write(create(LoadStatsRequestSchema, request));
    },
    sendBytes(bytes) {
      call.write(bytes);
    },
    async answer() {
      const next = new Promise<void>((resolve) => {
        wake = () => {
          if (came.length > taken) resolve();
        };
        wake();
      });
      const cut = ended.then((how): never => {
        throw new Error(`the stream ended: ${how}`);
      });
      await inTime(Promise.race([next, cut]), 30_000, () => "an answer to a load report");
      taken += 1;
      const answer = came[taken - 1];
      if (answer === undefined) throw new Error("an answer that came is gone");
      return answer;
    },
    answers: () => came.length,
    ended: () => inTime(ended, 10_000, () => "the end of a stream of load reports"),
    end: () => call.end(),
  };
}
