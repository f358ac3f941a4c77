import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { type Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { type AnsweredBy, answeredBy, ReportCallError } from "./report-call-error.ts";

export type Answer<T> = { readonly value: T; readonly by: AnsweredBy };

/** How one call is made: within `timeoutMs` (10 s for unary calls, unlimited for streams), until `signal` aborts. */
export type CallOptions = {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told which server answers, as soon as that is known. */
  readonly onAnswer?: (by: AnsweredBy) => void;
};

const unaryTimeoutMs = 10_000;

/** One unary call; rejects with a `ReportCallError`. */
export function unary<I extends DescMessage, O extends DescMessage>(
  channel: Client,
  method: DescMethodUnary<I, O>,
  init: MessageInitShape<I>,
  { timeoutMs = unaryTimeoutMs, signal, onAnswer }: CallOptions = {},
): Promise<Answer<MessageShape<O>>> {
  const { path, requestSerialize, responseDeserialize } = methodOf(method.parent, method);
  const request = create(method.input, init);
  const { promise, resolve, reject } = Promise.withResolvers<Answer<MessageShape<O>>>();
  let by: AnsweredBy = { server: "", locality: "" };
  const options = { deadline: Date.now() + timeoutMs };
  const call = channel.makeUnaryRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    metadataFor(request),
    options,
    (error, value) => {
      signal?.removeEventListener("abort", cancel);
      if (error) reject(new ReportCallError(error, answeredBy(error.metadata) ?? by));
      else if (value) resolve({ value, by });
    },
  );
  const cancel = () => call.cancel();
  call.on("metadata", (metadata) => {
    by = answeredBy(metadata) ?? by;
    onAnswer?.(by);
  });
  signal?.addEventListener("abort", cancel);
  if (signal?.aborted) cancel();
  return promise;
}

/** One server-streaming call; throws a `ReportCallError`, and leaving the loop cancels it. */
export async function* stream<I extends DescMessage, O extends DescMessage>(
  channel: Client,
  method: DescMethodServerStreaming<I, O>,
  init: MessageInitShape<I>,
  { timeoutMs, signal, onAnswer }: CallOptions = {},
): AsyncGenerator<MessageShape<O>, void> {
  const { path, requestSerialize, responseDeserialize } = methodOf(method.parent, method);
  const request = create(method.input, init);
  const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  const call = channel.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    metadataFor(request),
    options,
  );
  let by: AnsweredBy = { server: "", locality: "" };
  call.on("metadata", (metadata) => {
    by = answeredBy(metadata) ?? by;
    onAnswer?.(by);
  });
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel);
  if (signal?.aborted) cancel();
  try {
    for await (const message of call) yield message as MessageShape<O>;
  } catch (error) {
    const answer = error as ServiceError;
    throw new ReportCallError(answer, answeredBy(answer.metadata) ?? by);
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

/** The report's id as a header: what a ring hash spreads by, so that a report's watchers share a server. */
function metadataFor(request: object): Metadata {
  const metadata = new Metadata();
  const name = "name" in request && typeof request.name === "string" ? request.name.split("/")[3] : undefined;
  if (name && /^[\x21-\x7e]+$/.test(name)) metadata.set("x-report-id", name);
  return metadata;
}
