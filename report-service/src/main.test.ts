import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { create, createFileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, status } from "@grpc/grpc-js";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "@weir/proto/grpc/health/v1/health_pb.ts";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from "@weir/proto/grpc/reflection/v1/reflection_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { startRecordingServer } from "../test/registry-server.ts";
import { type ServerProcess, startServer, temporaryDirectory } from "../test/server-process.ts";
import { stream, unary } from "./client/calls.ts";
import { ReportCallError } from "./client.ts";

test("health tells of both services and of the server, and says NOT_SERVING to who watches when it leaves", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  using channel = connect(server);
  for (const service of ["", "report.v1.Reports", "report.v1.Results"]) {
    assert.equal((await unary(channel, Health.method.check, { service })).value.status, ServingStatus.SERVING);
  }
  const unknown = unary(channel, Health.method.check, { service: "x" });
  await assert.rejects(unknown, (error) => error instanceof ReportCallError && error.code === status.NOT_FOUND);
  const listed = await unary(channel, Health.method.list, {});
  assert.equal(Object.keys(listed.value.statuses).length, 3);

  const seen = [];
  let ended: Promise<unknown> | undefined;
  for await (const message of stream(channel, Health.method.watch, { service: "" })) {
    seen.push(message.status);
    ended ??= server.end("SIGTERM");
  }
  assert.deepEqual(seen, [ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
  assert.equal(await ended, 0);
});

test("reflection gives the services, and files that a client can build the types from", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  using channel = connect(server);
  const [list, files, extension, unknown] = await reflect(channel, [
    { case: "listServices", value: "" },
    { case: "fileContainingSymbol", value: "report.v1.Results.WatchReport" },
    { case: "fileContainingExtension", value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 1 } },
    { case: "fileContainingSymbol", value: "report.v1.Nothing" },
  ]);
  assert.ok(list?.messageResponse.case === "listServicesResponse");
  assert.deepEqual(
    list.messageResponse.value.service.map(({ name }) => name),
    [
      "report.v1.Reports",
      "report.v1.Results",
      "google.longrunning.Operations",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ],
  );
  assert.ok(files?.messageResponse.case === "fileDescriptorResponse");
  const file = files.messageResponse.value.fileDescriptorProto.map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
  assert.equal(file[0]?.name, "report/v1/report.proto");
  const types = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
  assert.ok(types.getMessage("report.v1.CreateReportRequest"));
  assert.equal(extension?.messageResponse.case, "errorResponse");
  assert.equal(unknown?.messageResponse.case, "errorResponse");
});

test("while the fault file is there calls fail, health does not, and each answer says whose it is", async () => {
  await using data = await temporaryDirectory();
  const file = join(data.path, "fault.json");
  await using server = await startServer(data.path, ["--fault-file", file, "--id", "faulty"]);
  using channel = connect(server);
  const call = () =>
    server.client.listReportKinds().then(
      ({ by }) => ({ code: status.OK, by }),
      ({ code, by }: ReportCallError) => ({ code, by }),
    );
  const until = async (code: status) => {
    for (;;) {
      const answer = await call();
      assert.deepEqual(answer.by, { server: "faulty", locality: "dc-a/z1" });
      if (answer.code === code) return;
    }
  };
  await until(status.OK);
  await writeFile(file, '{"status":"UNAVAILABLE","percent":100}');
  await until(status.UNAVAILABLE);
  assert.equal((await unary(channel, Health.method.check, {})).value.status, ServingStatus.SERVING);
  await writeFile(file, '{"status":"INTERNAL"}');
  await until(status.INTERNAL);
  await writeFile(file, '{"status":"NONSENSE"}');
  assert.equal((await call()).code, status.INTERNAL);
  await rm(file);
  await until(status.OK);
});

test("a server registers, renews, and leaves before it stops answering", async () => {
  await using data = await temporaryDirectory();
  let answerWhileLeaving: Promise<unknown> | undefined;
  await using registry = await startRecordingServer(async ({ line }) => {
    // Clients that have not heard yet are served: the registry is asked first and answers when they have.
    if (line.startsWith("DELETE")) {
      answerWhileLeaving = server.client.listReportKinds();
      await answerWhileLeaving;
    }
    return 200;
  });
  const flags = ["--registry", registry.url.href, "--registry-lease", "1s", "--id", "r1", "--metadata", "version=v1"];
  await using server = await startServer(data.path, flags);
  const { line, body } = await registry.until((one) => one.line.startsWith("PUT"));
  assert.equal(line, "PUT /v1/registry/services/report/endpoints/r1");
  assert.deepEqual(body, {
    address: server.address,
    locality: "dc-a/z1",
    weight: 100,
    metadata: { version: "v1" },
    leaseSeconds: 1,
  });
  await registry.until(() => registry.received.length >= 3);
  assert.equal(await server.end("SIGTERM"), 0);
  assert.equal(registry.received.at(-1)?.line, "DELETE /v1/registry/services/report/endpoints/r1?wait=5s");
  assert.ok(answerWhileLeaving);
});

test("a server whose registry is away serves all the same, and says so once", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--registry", "http://127.0.0.1:9", "--registry-lease", "1s"]);
  await server.client.listReportKinds();
  assert.equal(await server.end("SIGTERM"), 0);
  assert.equal(server.log().split("cannot register").length, 2);
});

test("metrics count calls by method and code, and tell of the queue", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--metrics", "127.0.0.1:0"]);
  await server.client.listReportKinds();
  await server.client.getReport("nothing").catch(() => undefined);
  const text = await (await fetch(`http://${server.metrics}/metrics`)).text();
  const count = (labels: string) => new RegExp(`^grpc_server_call_duration_seconds_count{${labels}} 1$`, "m");
  assert.match(text, count('grpc_method="report.v1.Reports/ListReportKinds",grpc_status="OK"'));
  assert.match(text, count('grpc_method="report.v1.Results/GetReport",grpc_status="NOT_FOUND"'));
  assert.match(text, /^report_queue_length 0$/m);
  assert.match(text, /^report_results_waiting 0$/m);
});

test("a report's job is a span in the trace of the call that created it, exported over OTLP", async () => {
  await using data = await temporaryDirectory();
  await using collector = await startRecordingServer();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin, OTEL_BSP_SCHEDULE_DELAY: "50" };
  await using server = await startServer(data.path, [], env);
  const report = { kind: "reportKinds/wide", parameters: { rows: 1 } };
  await server.client.createReport({ parent: "tenants/acme", report });
  const spans = () => collector.received.flatMap(({ body }) => spansOf(body));
  await collector.until(() => spans().some(({ name }) => name === "report.job"));
  const [job, call] = ["report.job", "report.v1.Reports/CreateReport"].map((name) =>
    spans().find((span) => span.name === name),
  );
  assert.ok(job && call);
  assert.deepEqual([job.traceId, job.parentSpanId], [call.traceId, call.spanId]);
  assert.deepEqual([...new Set(collector.received.map(({ line }) => line))], ["POST /v1/traces"]);
});

test("the log is JSON lines with stable keys, of the level that was asked for", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--log-level", "debug", "--id", "logger"]);
  await server.client.listReportKinds();
  await server.end("SIGTERM");
  const lines = server
    .log()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(Object.keys(lines[0]).slice(0, 5), ["ts", "level", "msg", "component", "node"]);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ["serving", "call-ended", "draining", "stopped"],
  );
  await using quiet = await startServer(data.path, ["--log-level", "warn"]);
  await quiet.end("SIGTERM");
  assert.equal(quiet.log(), "");
});

test("a signal changes the level to debug while it runs, and the log can be in ECS form", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path, ["--log-level", "warn", "--log-format", "ecs", "--id", "logger"]);
  await server.client.listReportKinds();
  assert.equal(server.log(), "");
  server.process.signal("SIGUSR2");
  // The signal and the next calls cross.
  while (server.log() === "") await server.client.listReportKinds();
  const line = await server.process.json((found) => found["log.level"] === "debug");
  const { weir, ...keys } = line;
  assert.ok(!Number.isNaN(Date.parse(String(keys["@timestamp"]))));
  assert.equal(keys["service.node.name"], "logger");
  assert.equal((weir as { readonly event?: string }).event, "call-ended");
});

test("wrong flags and wrong kinds end the program, each with all that is wrong", async () => {
  await using data = await temporaryDirectory();
  await assert.rejects(startServer(data.path, ["--listen", "x", "--weight", "none"]), /--listen[\s\S]*--weight/);
  await writeFile(join(data.path, "bad.yaml"), "kind: ReportKind\nspec: { title: 1 }\n");
  await writeFile(join(data.path, "worse.yaml"), "a: [\n");
  await assert.rejects(
    startServer(data.path, ["--kinds", data.path]),
    /bad\.yaml:metadata: is missing[\s\S]*bad\.yaml:spec\.title[\s\S]*worse\.yaml:\d+:\d+: /,
  );
});

function connect({ address }: ServerProcess): Client & Disposable {
  const channel = new Client(address, credentials.createInsecure());
  return Object.assign(channel, { [Symbol.dispose]: () => channel.close() });
}

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

async function reflect(channel: Client, questions: readonly Question[]): Promise<readonly ServerReflectionResponse[]> {
  const method = methodOf(ServerReflection, ServerReflection.method.serverReflectionInfo);
  const { path, requestSerialize, responseDeserialize } = method;
  const call = channel.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, {});
  for (const messageRequest of questions) call.write(create(ServerReflectionRequestSchema, { messageRequest }));
  call.end();
  const answers = [];
  for await (const answer of call) answers.push(answer as ServerReflectionResponse);
  return answers;
}

type Span = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
};

// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
function spansOf(body: unknown): readonly Span[] {
  const { resourceSpans } = body as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

test("a server that was told to leave ends, whatever a library has left open", async () => {
  await using data = await temporaryDirectory();
  const leftOpen = "data:text/javascript,setInterval(() => undefined, 1000)";
  await using server = await startServer(data.path, ["--languages", "sql"], { NODE_OPTIONS: `--import="${leftOpen}"` });
  assert.equal(await server.end("SIGTERM"), 0);
});
