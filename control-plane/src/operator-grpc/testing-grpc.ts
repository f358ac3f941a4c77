import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";

/** What a failed call says: `5 NO_SUCH_DOCUMENT`, and the fields of a BadRequest. */
export type Failure = {
  readonly code: number;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly string[];
  readonly says: string;
};

export type TestClient = Disposable & {
  ask<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<MessageShape<O>>;
  /** How a call fails; throws when it does not. */
  failure<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Failure>;
  watch<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    headers?: Readonly<Record<string, string>>,
  ): ClientReadableStream<MessageShape<O>>;
  readonly client: Client;
};

/** A real client of a gRPC server. */
export function connectGrpc(address: string, as: ChannelCredentials = credentials.createInsecure()): TestClient {
  const client = new Client(address, as);
  const metadataOf = (headers: Readonly<Record<string, string>> = {}) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return metadata;
  };
  const ask: TestClient["ask"] = (method, request, headers) => {
    const { path, requestSerialize, responseDeserialize } = methodOf(method.parent, method);
    const { promise, resolve, reject } = Promise.withResolvers<MessageShape<typeof method.output>>();
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      create(method.input, request),
      metadataOf(headers),
      { deadline: Date.now() + 20_000 },
      (error, answer) => (answer === undefined ? reject(error) : resolve(answer as MessageShape<typeof method.output>)),
    );
    return promise;
  };
  return {
    client,
    ask,
    async failure(method, request, headers) {
      const outcome = await ask(method, request, headers).then(
        () => undefined,
        (error: ServiceError) => error,
      );
      if (!outcome) throw new Error(`${method.name} was answered`);
      return failureOf(outcome);
    },
    watch(method, request, headers) {
      const { path, requestSerialize, responseDeserialize } = methodOf(method.parent, method);
      return client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        create(method.input, request),
        metadataOf(headers),
      ) as ClientReadableStream<MessageShape<typeof method.output>>;
    },
    [Symbol.dispose]: () => client.close(),
  };
}

export function failureOf({ code, details, metadata }: ServiceError): Failure {
  const [bytes] = metadata.get("grpc-status-details-bin");
  const rich = Buffer.isBuffer(bytes) ? fromBinary(StatusSchema, bytes).details : [];
  const info = rich.map((each) => anyUnpack(each, ErrorInfoSchema)).find((each) => each !== undefined);
  const wrong = rich.flatMap((each) => anyUnpack(each, BadRequestSchema)?.fieldViolations ?? []);
  return {
    ...{ code, says: details, reason: info?.reason ?? "", metadata: info?.metadata ?? {} },
    fields: wrong.map(({ field, description }) => `${field}: ${description}`),
  };
}
