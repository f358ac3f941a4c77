import { create, type DescFile, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { type Server, type ServiceDefinition, status } from "@grpc/grpc-js";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { type Handlers, serviceOf } from "./service.ts";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** What reflection is asked by; v1alpha by tools from before 2023. Both say the same in the same bytes. */
export const reflectionServices: readonly DescService[] = [ServerReflection, ServerReflectionAlpha];

/** `guarded` may stand before each call: it lets `begin` happen, or ends the call. */
export type Guarded = (
  call: Parameters<Handlers<typeof ServerReflection>["serverReflectionInfo"]>[0],
  begin: () => void,
) => void;

/** Serves reflection of these services, from the descriptors that the generated types carry. */
export function addReflection(
  server: Server,
  services: readonly DescService[],
  guarded: Guarded = (_call, begin) => begin(),
): void {
  const { serverReflectionInfo } = createReflectionService(services);
  const handlers: Handlers<typeof ServerReflection> = {
    serverReflectionInfo: (call) => guarded(call, () => serverReflectionInfo(call)),
  };
  for (const { typeName } of reflectionServices) server.addService(definitionOf(typeName), handlers);
}

function definitionOf(typeName: string): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(serviceOf(ServerReflection)).map(([name, method]) => [
      name,
      { ...method, path: `/${typeName}/${method.path.split("/").at(-1)}` },
    ]),
  );
}

function createReflectionService(services: readonly DescService[]): Handlers<typeof ServerReflection> {
  // Indexed with the first question: few servers are ever asked one.
  let index: Index | undefined;
  return {
    serverReflectionInfo(call) {
      call.on("data", (request: ServerReflectionRequest) => {
        index ??= indexOf(services);
        const messageResponse = answer(request.messageRequest, index);
        const { host } = request;
        call.write(
          create(ServerReflectionResponseSchema, { validHost: host, originalRequest: request, messageResponse }),
        );
      });
      call.on("end", () => call.end());
    },
  };
}

type Index = {
  readonly services: readonly DescService[];
  readonly files: ReadonlyMap<string, DescFile>;
  readonly symbols: ReadonlyMap<string, DescFile>;
};

function answer(question: ServerReflectionRequest["messageRequest"], { services, files, symbols }: Index): Answer {
  switch (question.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: services.map(({ typeName }) => ({ name: typeName })) },
      };
    case "fileByFilename":
      return fileAnswer(files.get(question.value), question.value);
    case "fileContainingSymbol":
      return fileAnswer(symbols.get(question.value), question.value);
    case "fileContainingExtension":
      return notFound(`extension ${question.value.extensionNumber} of ${question.value.containingType}`);
    case "allExtensionNumbersOfType":
      return notFound(`extensions of ${question.value}`);
    default:
      return { case: "errorResponse", value: { errorCode: status.INVALID_ARGUMENT, errorMessage: "nothing asked" } };
  }
}

// The file, which clients take from the first place, and all that it imports, so that they need not ask one by one.
function fileAnswer(file: DescFile | undefined, asked: string): Answer {
  if (!file) return notFound(asked);
  const bytes = withImports(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: bytes } };
}

function notFound(what: string): Answer {
  return { case: "errorResponse", value: { errorCode: status.NOT_FOUND, errorMessage: `there is no ${what}` } };
}

function indexOf(services: readonly DescService[]): Index {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  // No method names the types that errors carry, and grpcurl asks for them when it shows one.
  const named = [...services.map(({ file }) => file), file_google_rpc_error_details];
  for (const file of named.flatMap(withImports)) {
    files.set(file.proto.name, file);
    for (const symbol of symbolsOf(file)) symbols.set(symbol, file);
  }
  return { services, files, symbols };
}

function* symbolsOf(file: DescFile): Generator<string> {
  for (const service of file.services) {
    yield service.typeName;
    for (const method of service.methods) yield `${service.typeName}.${method.name}`;
  }
  const messages = [...file.messages];
  for (const message of messages) {
    yield message.typeName;
    for (const inner of message.nestedEnums) yield inner.typeName;
    messages.push(...message.nestedMessages);
  }
  for (const top of file.enums) yield top.typeName;
}

/** The file, then all that it imports, each before what it imports itself: reversed, they can be built one by one. */
function withImports(file: DescFile): readonly DescFile[] {
  const importsFirst = new Set<DescFile>();
  const add = (one: DescFile): void => {
    if (importsFirst.has(one)) return;
    one.dependencies.forEach(add);
    importsFirst.add(one);
  };
  add(file);
  return [...importsFirst].reverse();
}
