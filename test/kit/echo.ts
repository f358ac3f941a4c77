import { randomUUID } from "node:crypto";
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";

/** Who answered. */
export type EchoReply = { readonly id: string; readonly datacenter: string };

/** The test backends' one method. It needs no .proto: what matters in these tests is who answers. */
export const sayMethod: MethodDefinition<Buffer, EchoReply> = {
  path: "/echo.v1.Echo/Say",
  requestStream: false,
  responseStream: false,
  requestSerialize: (text) => text,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: (reply) => Buffer.from(JSON.stringify(reply)),
  responseDeserialize: (bytes) => JSON.parse(bytes.toString()),
};

/** What became of one request. Times are in milliseconds since 1970, so those of several processes can be compared. */
export type CallRecord = {
  readonly startedAt: number;
  readonly endedAt: number;
  /** `grpc-status`, by name: "OK", "UNAVAILABLE". */
  readonly code: string;
  readonly details: string;
  /** Present if code is OK. */
  readonly reply?: EchoReply;
};

export type CallOptions = {
  readonly deadlineMs?: number;
  /** Request headers, as a header that a route or a hash looks at. */
  readonly metadata?: Metadata;
  /** The same as plain values, which go to another process too. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A header with another value for each request, as for what is hashed. */
  readonly freshHeader?: string;
  /** Another method than `sayMethod`'s, that answers alike: `/echo.v1.Other/Ask`. */
  readonly path?: string;
};

/** A client of its own: no connection or subchannel is shared with another. */
export function connectEcho(
  target: string,
  options: ClientOptions = {},
  creds: ChannelCredentials = credentials.createInsecure(),
): Client {
  return new Client(target, creds, {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_reconnect_backoff_ms": 1_000,
    ...options,
  });
}

/** Sends one request; a failed one is a record too. */
export function say(
  client: Client,
  { deadlineMs = 5_000, freshHeader, headers = {}, path = sayMethod.path, ...given }: CallOptions = {},
): Promise<CallRecord> {
  const own = { ...headers, ...(freshHeader !== undefined && { [freshHeader]: randomUUID() }) };
  const metadata = Object.keys(own).length === 0 ? given.metadata : (given.metadata?.clone() ?? new Metadata());
  for (const [name, value] of Object.entries(own)) metadata?.set(name, value);
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const onReply = (error: ServiceError | null, reply?: EchoReply) => {
      const code = status[error?.code ?? status.OK] ?? String(error?.code);
      resolve({ startedAt, endedAt: Date.now(), code, details: error?.details ?? "", ...(reply && { reply }) });
    };
    const { requestSerialize, responseDeserialize } = sayMethod;
    const options = { deadline: startedAt + deadlineMs };
    if (metadata)
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        Buffer.alloc(16),
        metadata,
        options,
        onReply,
      );
    else client.makeUnaryRequest(path, requestSerialize, responseDeserialize, Buffer.alloc(16), options, onReply);
  });
}
