import { connect } from "node:http2";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import {
  type ClientConfig,
  ClientStatusDiscoveryService,
  type ClientStatusRequest,
  ClientStatusRequestSchema,
  type ClientStatusResponse,
  type ClientStatusResponseSchema,
  ConfigStatus,
} from "@weir/proto/envoy/service/status/v3/csds_pb.ts";
import type { StringMatcherSchema } from "@weir/proto/envoy/type/matcher/v3/string_pb.ts";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { inTime } from "../kit/wait.ts";

export type StatusRequest = MessageInitShape<typeof ClientStatusRequestSchema>;

/** An answer, or how the call ended: `INVALID_ARGUMENT: …`. */
export type StatusAnswer = { readonly config: readonly ClientConfig[] } | { readonly ended: string };

/** A plain client of the status service. */
export type StatusClient = Disposable & {
  fetch(request?: StatusRequest): Promise<StatusAnswer>;
  /** Sends requests over one stream, closes it, and returns all messages that came. Without requests it stays open. */
  stream(...requests: readonly StatusRequest[]): Promise<readonly ClientStatusResponse[] | { readonly ended: string }>;
  /** Sends one request and goes away at the first message. */
  streamAndLeave(request?: StatusRequest): Promise<void>;
  /** Sends one request and never reads the answer, until disposed of. */
  streamAndStall(request?: StatusRequest): Disposable;
};

type Requests = typeof ClientStatusRequestSchema;
type Responses = typeof ClientStatusResponseSchema;
const { fetchClientStatus, streamClientStatus } = ClientStatusDiscoveryService.method;
const fetching = methodOf<Requests, Responses>(ClientStatusDiscoveryService, fetchClientStatus);
const streaming = methodOf<Requests, Responses>(ClientStatusDiscoveryService, streamClientStatus);

export function connectStatusClient(address: string): StatusClient {
  const client = new Client(address, credentials.createInsecure());
  const open = () =>
    client.makeBidiStreamRequest<ClientStatusRequest, ClientStatusResponse>(
      streaming.path,
      streaming.requestSerialize,
      streaming.responseDeserialize,
    );
  return {
    fetch: (request = {}) =>
      new Promise((resolve) => {
        client.makeUnaryRequest<ClientStatusRequest, ClientStatusResponse>(
          fetching.path,
          fetching.requestSerialize,
          fetching.responseDeserialize,
          create(ClientStatusRequestSchema, request),
          (error, response) => resolve(error ? { ended: endText(error) } : { config: response?.config ?? [] }),
        );
      }),
    stream(...requests) {
      const call = open();
      // Without a question it is the server that has to end it.
      const isSilent = requests.length === 0;
      const came: ClientStatusResponse[] = [];
      call.on("data", (response) => came.push(response));
      for (const request of requests) call.write(create(ClientStatusRequestSchema, request));
      if (!isSilent) call.end();
      const all = new Promise<readonly ClientStatusResponse[] | { readonly ended: string }>((resolve) => {
        call.on("error", (error: ServiceError) => resolve({ ended: endText(error) }));
        call.on("end", () => resolve(came));
      });
      return inTime(all, 20_000, () => "the end of a stream of client statuses");
    },
    async streamAndLeave(request = {}) {
      const call = open();
      call.on("error", () => undefined);
      await new Promise<void>((resolve) => {
        call.once("data", () => resolve());
        call.write(create(ClientStatusRequestSchema, request));
      });
      call.cancel();
    },
    streamAndStall(request = {}) {
      // Not a client of grpc-js: that reads sixteen messages ahead.
      const session = connect(`http://${address}`);
      session.on("error", () => undefined);
      const call = session.request({
        ":method": "POST",
        ":path": streaming.path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      call.on("error", () => undefined);
      call.write(new Framed(streaming.requestSerialize(create(ClientStatusRequestSchema, request))).frame);
      return { [Symbol.dispose]: () => session.destroy() };
    },
    [Symbol.dispose]: () => client.close(),
  };
}

function endText({ code, details }: ServiceError): string {
  return `${status[code]}: ${details}`;
}

/** The configs of an answer; throws when there is none. */
export function configsOf(answer: StatusAnswer): readonly ClientConfig[] {
  if ("ended" in answer) throw new Error(answer.ended);
  return answer.config;
}

export function nodeIds(configs: readonly ClientConfig[]): readonly string[] {
  return configs.map(({ node }) => node?.id ?? "");
}

/** `Cluster report SYNCED`, sorted. */
export function resourceTexts(config: ClientConfig | undefined): readonly string[] {
  return (config?.genericXdsConfigs ?? [])
    .map(({ typeUrl, name, configStatus }) => `${typeUrl.split(".").at(-1)} ${name} ${statusText(configStatus)}`)
    .sort();
}

function statusText(value: unknown): string {
  return Object.entries(ConfigStatus).find(([, each]) => each === value)?.[0] ?? String(value);
}

export function byId(
  kind: "exact" | "prefix" | "suffix" | "contains",
  value: string,
): { readonly nodeId: MessageInitShape<typeof StringMatcherSchema> } {
  return { nodeId: { matchPattern: { case: kind, value } } };
}
