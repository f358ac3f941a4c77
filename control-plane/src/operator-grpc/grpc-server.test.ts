import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DescMethod, DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { Operations } from "@weir/proto/google/longrunning/operations_pb.ts";
import { Channelz } from "@weir/proto/grpc/channelz/v1/channelz_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "@weir/proto/grpc/health/v1/health_pb.ts";
import { ServerReflection, type ServerReflectionResponse } from "@weir/proto/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionAlpha } from "@weir/proto/grpc/reflection/v1alpha/reflection_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { Clients } from "@weir/proto/weir/operator/v1/clients_pb.ts";
import { Resources, type WatchResourcesResponse } from "@weir/proto/weir/operator/v1/resources_pb.ts";
import { ShiftSchema, Traffic, type WatchTrafficResponse } from "@weir/proto/weir/operator/v1/traffic_pb.ts";
import { until } from "../lib/testing.ts";
import { roles } from "../model/role.ts";
import { newToken, tokenHash } from "../operator/auth/new-token.ts";
import { type RouteRule, routeRoles } from "../operator/auth/route-roles.ts";
import { openTokens } from "../operator/auth/tokens.ts";
import { createOperatorApp } from "../operator/operator-app.ts";
import type { OperatorNote } from "../operator/parts.ts";
import { startTestParts } from "../operator/testing.ts";
import { service, split } from "../operator/testing-api.ts";
import { startOperatorGrpc } from "./grpc-server.ts";
import { connectGrpc } from "./testing-grpc.ts";

const { kind: _service, ...serviceDocument } = service;
const report = { kind: "Service", name: "report", spec: serviceDocument.spec };
const splitOf = (share: number) => ({
  ...{ kind: "TrafficSplit", name: "report" },
  spec: { ...split.spec, rules: [{ from: "*", to: { "dc-a": share, "dc-b": 100 - share }, failover: ["dc-c"] }] },
});

/** The gRPC API over real parts, on a real socket; with `tokens` everybody is asked who he is. */
async function startTest(tokensText?: string) {
  const notes: OperatorNote[] = [];
  const stack = new AsyncDisposableStack();
  const { parts } = stack.use(await startTestParts());
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), "weir-grpc-")));
  const file = join(folder.path, "tokens.yaml");
  if (tokensText !== undefined) await writeFile(file, tokensText);
  const closing = new AbortController();
  const app = await createOperatorApp({
    ...{ parts, hosts: [], closing: closing.signal },
    tokens:
      tokensText === undefined
        ? undefined
        : await openTokens({ file, observe: () => undefined, now: () => new Date() }),
    observe: (note) => notes.push(note),
  });
  stack.defer(async () => {
    closing.abort();
    await app.close();
  });
  let ready = true;
  const server = stack.use(
    await startOperatorGrpc({
      ...{ listen: { host: "127.0.0.1", port: 0 }, app, tls: undefined, isReady: () => ready },
      observe: (note) => {
        if (note.kind !== "connections-refused") notes.push(note);
      },
    }),
  );
  const address = `127.0.0.1:${server.port}`;
  const grpc = stack.use(connectGrpc(address));
  return {
    ...{ parts, notes, app, grpc, address, server },
    turn: (next: boolean) => {
      ready = next;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test("documents are listed page by page, applied all or none, planned, pruned, deleted and rolled back", async () => {
  await using api = await startTest();
  const { grpc } = api;
  const { method } = Resources;
  const names = ["c", "a", "b", "d"];
  const applied = await grpc.ask(
    method.applyResources,
    {
      resources: [
        report,
        splitOf(70),
        ...names.map((name) => ({ ...report, name, labels: { team: name < "c" ? "x" : "y" } })),
      ],
      reason: "the first",
    },
    { "x-weir-actor": "ana" },
  );
  assert.equal(applied.revision, 1n);
  assert.deepEqual(
    applied.changes
      .map(({ kind, name, action }) => `${action} ${kind}/${name}`)
      .sort()
      .slice(0, 2),
    ["create Service/a", "create Service/b"],
  );

  const list = { kind: "Service", pageSize: 2, filter: "name!=report" };
  const first = await grpc.ask(method.listResources, list);
  const second = await grpc.ask(method.listResources, { ...list, pageToken: first.nextPageToken });
  assert.deepEqual(
    [first, second].map(({ resources }) => resources.map(({ name }) => name).join()),
    ["a,b", "c,d"],
  );
  assert.deepEqual([first.revision, second.nextPageToken], [1n, ""]);
  const ofX = await grpc.ask(method.listResources, {
    kind: "Service",
    filter: 'labels.team="x" AND spec.protocol=GR*',
  });
  assert.deepEqual(
    ofX.resources.map(({ name }) => name),
    ["a", "b"],
  );

  const read = await grpc.ask(method.getResource, { kind: "TrafficSplit", name: "report" });
  assert.deepEqual(read.spec, split.spec);
  const changed = await grpc.ask(method.applyResources, {
    resources: [{ ...splitOf(60), etag: read.etag }],
    baseRevision: 1n,
  });
  assert.equal(changed.revision, 2n);
  const late = await grpc.failure(method.applyResources, { resources: [report, { ...splitOf(50), etag: read.etag }] });
  assert.deepEqual(
    [late.code, late.reason, late.metadata["resource"]],
    [status.ABORTED, "ETAG_MISMATCH", "trafficSplits/report"],
  );
  const twice = await grpc.failure(method.applyResources, { resources: [{ ...report, etag: "absent" }] });
  assert.deepEqual([twice.code, twice.reason], [status.ALREADY_EXISTS, "ALREADY_EXISTS"]);
  const moved = await grpc.failure(method.applyResources, { resources: [splitOf(50)], baseRevision: 1n });
  assert.deepEqual([moved.code, moved.reason], [status.ABORTED, "BASE_MOVED"]);
  const dry = await grpc.ask(method.applyResources, { resources: [splitOf(55)], validateOnly: true });
  assert.deepEqual(
    [dry.validateOnly, dry.changes[0]?.action, api.parts.policies.books.current()?.revision],
    [true, "update", 2],
  );

  const plan = await grpc.ask(method.planResources, {
    resources: [splitOf(40)],
    delete: [{ kind: "Service", name: "d" }],
  });
  assert.deepEqual(
    [plan.base, plan.isEmpty, plan.documents.map(({ action, name }) => `${action} ${name}`).sort()],
    [2n, false, ["delete d", "update report"]],
  );
  assert.ok(
    plan.documents
      .flatMap(({ fields }) => fields)
      .some(({ after }) => after?.kind.case === "numberValue" && after.kind.value === 40),
  );
  const both = await grpc.failure(method.applyResources, { planId: plan.id, pruneKinds: ["Service"] });
  assert.deepEqual(
    [both.code, both.fields],
    [status.INVALID_ARGUMENT, ["prune_kinds: the plan says what goes: leave it out"]],
  );
  assert.equal((await grpc.ask(method.applyResources, { planId: plan.id })).revision, 3n);
  const stale = await grpc.failure(method.applyResources, { planId: plan.id });
  assert.deepEqual([stale.code, stale.reason], [status.ABORTED, "PLAN_STALE"]);

  const outdated = { resources: [report, { ...splitOf(30), etag: read.etag }], pruneKinds: ["Service"] };
  const refusals = [grpc.failure(method.applyResources, outdated), grpc.failure(method.planResources, outdated)];
  for (const refused of await Promise.all(refusals))
    assert.deepEqual(
      [refused.code, refused.reason, refused.metadata["resource"]],
      [status.ABORTED, "ETAG_MISMATCH", "trafficSplits/report"],
    );
  const pruning = {
    resources: [report, { ...report, name: "a" }],
    pruneKinds: ["Service"],
    baseRevision: 3n,
    requestId: "prune-once",
  };
  const strange = { resources: [report], pruneKinds: ["Servce"] };
  const strangers = [grpc.failure(method.applyResources, strange), grpc.failure(method.planResources, strange)];
  for (const { fields } of await Promise.all(strangers))
    assert.match(fields.join(), /^prune_kinds: "Servce" is no kind of document.*Service/);
  const overtaken = await grpc.failure(method.applyResources, { ...pruning, baseRevision: 2n, requestId: "" });
  assert.deepEqual([overtaken.code, overtaken.reason], [status.ABORTED, "BASE_MOVED"]);
  const pruned = await grpc.ask(method.applyResources, pruning);
  assert.deepEqual(await grpc.ask(method.applyResources, pruning), pruned);
  assert.deepEqual(
    pruned.changes
      .filter(({ action }) => action === "delete")
      .map(({ name }) => name)
      .sort(),
    ["b", "c"],
  );
  const again = { kind: "Service", name: "a", requestId: "6f0d-once", reason: "no more" };
  const gone = await grpc.ask(method.deleteResource, again);
  assert.deepEqual([gone.deleted, gone.revision], ["services/a", 5n]);
  assert.deepEqual((await grpc.ask(method.deleteResource, again)).revision, 5n);

  const history = await grpc.ask(method.listRevisions, { pageSize: 3, fields: true });
  const older = await grpc.ask(method.listRevisions, { pageSize: 3, pageToken: history.nextPageToken });
  assert.deepEqual(
    [...history.revisions, ...older.revisions].map(({ revision }) => Number(revision)),
    [5, 4, 3, 2, 1],
  );
  assert.deepEqual(
    [history.revisions[0]?.reason, older.revisions[1]?.by, older.revisions[1]?.reason, older.nextPageToken],
    ["no more", "ana", "the first", ""],
  );
  assert.equal((await grpc.failure(method.rollbackRevision, { revision: "r2" })).code, status.INVALID_ARGUMENT);
  const back = await grpc.ask(method.rollbackRevision, { revision: "r2", reason: "CHG-1", validateOnly: true });
  assert.deepEqual([back.to, back.plan?.base], [2n, 5n]);
  const rolled = await grpc.ask(method.rollbackRevision, { revision: "r2", reason: "CHG-1" });
  assert.equal(rolled.revision, 6n);
});

test("a watch of documents tells each revision with what it wrote, goes on where it was left, and ends when it is cancelled", async () => {
  await using api = await startTest();
  const { grpc } = api;
  const { method } = Resources;
  await grpc.ask(method.applyResources, { resources: [report] });
  const watch = grpc.watch(method.watchResources, { kinds: ["TrafficSplit"] });
  const answers = watch[Symbol.asyncIterator]();
  const next = async () => (await answers.next()).value as WatchResourcesResponse;
  const started = await next();
  assert.ok(started.event.case === "started");
  assert.deepEqual(
    [started.event.value.revision, started.event.value.resumed, started.resumeToken],
    [1n, "none", "r1"],
  );
  await grpc.ask(method.applyResources, { resources: [{ ...report, name: "other" }] });
  await grpc.ask(method.applyResources, { resources: [splitOf(80)], reason: "more" });
  const told = await next();
  assert.ok(told.event.case === "revision");
  assert.deepEqual(
    [told.event.value.revision, told.event.value.reason, told.resources.map(({ spec }) => spec)],
    [3n, "more", [splitOf(80).spec]],
  );
  const closed = once(watch, "error");
  watch.cancel();
  assert.equal(((await closed)[0] as { code: number }).code, status.CANCELLED);

  await grpc.ask(method.deleteResource, { kind: "TrafficSplit", name: "report" });
  for (const resumeToken of [told.resumeToken, "r3"]) {
    const on = grpc.watch(method.watchResources, { resumeToken });
    const rest: string[] = [];
    for await (const { event, resources } of on as AsyncIterable<WatchResourcesResponse>) {
      if (event.case === "revision")
        rest.push(`r${event.value.revision} ${event.value.changes.map(({ action }) => action)} ${resources.length}`);
      if (rest.length > 0) break;
    }
    assert.deepEqual(rest, ["r4 delete 0"]);
  }
  const wrong = grpc.watch(method.watchResources, { resumeToken: "yesterday" });
  const [error] = (await once(wrong.resume(), "error")) as [{ code: number }];
  assert.equal(error.code, status.INVALID_ARGUMENT);
});

test("traffic is read, watched, shifted as an operation, drained and given back", async () => {
  await using api = await startTest();
  const { grpc } = api;
  const { method } = Traffic;
  await grpc.ask(Resources.method.applyResources, { resources: [report, splitOf(70)] });
  const put = (id: string, region: string) =>
    api.app.inject({
      ...{ method: "PUT", url: `/v1/registry/services/report/endpoints/${id}`, headers: { host: "localhost" } },
      payload: { address: `127.0.0.1:${9001 + region.charCodeAt(3)}`, locality: `${region}/z1`, leaseSeconds: 0 },
    });
  for (const region of ["dc-a", "dc-b", "dc-c"]) assert.equal((await put(`e-${region}`, region)).statusCode, 201);
  const now = () => grpc.ask(method.getTraffic, { service: "report" });
  await until(async () => (await now()).rows.every(({ endpoints }) => endpoints?.total === 1));
  const { rows } = await now();
  assert.deepEqual(
    rows.map(({ to, use, weightPercent }) => `${to} ${use} ${weightPercent}`),
    ["dc-a share 70", "dc-b share 30", "dc-c standby undefined"],
  );
  for await (const told of grpc.watch(method.watchTraffic, {
    service: "report",
  }) as AsyncIterable<WatchTrafficResponse>) {
    assert.deepEqual(
      told.rows.map(({ service, endpoints }) => `${service} ${endpoints?.serving}`),
      ["report 1", "report 1", "report 1"],
    );
    break;
  }

  const begin = { split: "report", target: { "dc-a": 40, "dc-b": 60 }, reason: "CHG-2" };
  const step = (value: number) => ({ step: { case: "setWeight" as const, value } });
  const pause = (value: string) => ({ step: { case: "pause" as const, value } });
  const steps = [step(50), pause("untilResumed"), step(100)];
  const operation = await grpc.ask(method.shiftTraffic, {
    ...begin,
    steps,
    guard: { metrics: [{ name: "error-rate", source: "load-report", max: 0.5 }] },
  });
  const shift = operation.metadata && anyUnpack(operation.metadata, ShiftSchema);
  assert.ok(shift);
  assert.deepEqual(
    [operation.name, operation.done, shift.weight, shift.shares, shift.plan.length],
    [`operations/${shift.name}`, false, 50, { "dc-a": 55, "dc-b": 45 }, 3],
  );
  const waits = await grpc.ask(Operations.method.waitOperation, {
    name: operation.name,
    timeout: { seconds: 0n, nanos: 20_000_000 },
  });
  assert.equal(waits.done, false);
  const { name } = shift;
  assert.equal((await grpc.ask(method.pauseShift, { name, reason: "lunch" })).paused?.reason, "lunch");
  assert.equal((await grpc.failure(method.pauseShift, { name })).reason, "SHIFT_STATE");
  assert.equal((await grpc.ask(method.resumeShift, { name: operation.name })).paused, undefined);
  const ended = await grpc.ask(Operations.method.waitOperation, { name: operation.name });
  assert.deepEqual([ended.done, ended.result.case], [true, "response"]);
  const second = await grpc.ask(method.shiftTraffic, { ...begin, target: { "dc-a": 70, "dc-b": 30 }, steps });
  await grpc.ask(Operations.method.cancelOperation, { name: second.name });
  const [listed] = (await grpc.ask(Operations.method.listOperations, { name: "operations", filter: "service=report" }))
    .operations;
  assert.deepEqual(
    [listed?.name, listed?.result.case === "error" && listed.result.value.code],
    [second.name, status.CANCELLED],
  );
  const third = await grpc.ask(method.shiftTraffic, { ...begin, target: { "dc-a": 70, "dc-b": 30 }, steps });
  assert.equal((await grpc.ask(method.promoteShift, { name: third.name, full: true })).state, "succeeded");
  const fourth = await grpc.ask(method.shiftTraffic, { ...begin, target: { "dc-a": 60, "dc-b": 40 }, steps });
  assert.equal((await grpc.ask(method.abortShift, { name: fourth.name })).state, "aborted");
  assert.equal(
    (await grpc.failure(Operations.method.deleteOperation, { name: third.name })).code,
    status.UNIMPLEMENTED,
  );
  assert.equal((await grpc.failure(Operations.method.getOperation, { name: "shift" })).code, status.INVALID_ARGUMENT);

  const drain = { locality: "dc-a", duration: "2h", reason: "switch swap", force: true };
  const drained = await grpc.ask(method.drainLocality, drain);
  assert.deepEqual(
    [drained.drain?.mode, drained.drain?.by, drained.headroom?.services[0]?.service],
    ["drain", "anonymous", "report"],
  );
  const back = await grpc.ask(method.undrainLocality, { locality: "dc-a", reason: "done" });
  assert.deepEqual(
    back.ended.map(({ locality }) => locality),
    ["dc-a"],
  );
  const isolated = await grpc.ask(method.isolateLocality, { ...drain, validateOnly: true });
  assert.deepEqual([isolated.validateOnly, isolated.drain?.mode], [true, "isolate"]);
  const nameless = await grpc.failure(method.drainLocality, { locality: "dc-a", duration: "2h" });
  assert.deepEqual([nameless.code, nameless.fields[0]?.split(":")[0]], [status.INVALID_ARGUMENT, "reason"]);
});

test("hostile input is refused in words, and the server goes on", async () => {
  await using api = await startTest();
  const { grpc } = api;
  const { method } = Resources;
  const kind = await grpc.failure(method.listResources, { kind: "Secret" });
  assert.deepEqual([kind.code, kind.fields.length], [status.INVALID_ARGUMENT, 1]);
  for (const pageToken of [
    "x",
    "e30",
    Buffer.from('["a","other"]').toString("base64url"),
    "\u0000\ud83d",
    "A".repeat(100_000),
  ])
    assert.equal(
      (await grpc.failure(method.listResources, { kind: "Service", pageToken })).fields[0]?.split(":")[0],
      "pageToken",
    );
  assert.equal(
    (await grpc.failure(method.listResources, { kind: "Service", pageSize: -1 })).fields[0]?.split(":")[0],
    "pageSize",
  );
  assert.equal(
    (await grpc.failure(method.listResources, { kind: "Service", filter: "1=1 OR name" })).fields[0]?.split(":")[0],
    "filter",
  );
  const nested = (depth: number): { a: object } | object => (depth === 0 ? {} : { a: nested(depth - 1) });
  const deep = await grpc.failure(method.applyResources, { resources: [{ ...report, spec: nested(35) as never }] });
  assert.equal(deep.code, status.INVALID_ARGUMENT);
  // Beyond what our own client would write.
  const raw = (bytes: Buffer) =>
    new Promise<number | undefined>((resolve) => {
      const { path } = methodOf(Resources, method.applyResources);
      grpc.client.makeUnaryRequest(
        path,
        () => bytes,
        (answer) => answer,
        {},
        (error) => resolve(error?.code),
      );
    });
  let struct = Buffer.alloc(0);
  const field = (number: number, content: Buffer) => {
    let length = content.length;
    const varint = [];
    for (; length > 127; length >>>= 7) varint.push((length & 127) | 128);
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint, length]), content]);
  };
  for (let depth = 0; depth < 300; depth++)
    struct = field(1, Buffer.concat([field(1, Buffer.from("a")), field(2, field(5, struct))]));
  assert.equal(await raw(field(1, field(4, struct))), status.INVALID_ARGUMENT);
  assert.equal(await raw(Buffer.from([255, 255, 255])), status.INVALID_ARGUMENT);
  const large = { ...report, spec: { text: "x".repeat(4_500_000) } };
  assert.deepEqual((await grpc.failure(method.applyResources, { resources: [large] })).reason, "BODY_TOO_LARGE");
  const many = Array.from({ length: 2_000 }, (_, index) => ({ ...report, name: `n ${index}` }));
  const told = await grpc.failure(method.applyResources, { resources: many });
  assert.equal(told.code, status.INVALID_ARGUMENT);
  assert.match(told.fields.at(-1) ?? "", /and \d+ more problems like these/);
  const missing = await grpc.failure(method.getResource, { kind: "Service", name: "../../etc/passwd\r\nx: y" });
  assert.deepEqual([missing.code, missing.reason], [status.NOT_FOUND, "NO_SUCH_DOCUMENT"]);
  assert.equal((await grpc.failure(Clients.method.getClient, { nodeId: "x/../.." })).reason, "NO_SUCH_CLIENT");
  assert.deepEqual((await grpc.ask(Clients.method.listClients, {})).clients, []);
  assert.equal(api.parts.policies.books.current()?.revision ?? 0, 0);
});

test("health is that of the control plane, reflection tells of every service in both versions, channelz of this server", async () => {
  await using api = await startTest();
  const { grpc } = api;
  const check = async () => (await grpc.ask(Health.method.check, { service: Resources.typeName })).status;
  assert.equal(await check(), ServingStatus.SERVING);
  const watch = grpc.watch(Health.method.watch, {});
  const seen: ServingStatus[] = [];
  api.turn(false);
  for await (const { status } of watch as AsyncIterable<{ status: ServingStatus }>) if (seen.push(status) === 2) break;
  assert.deepEqual(
    [seen, await check()],
    [[ServingStatus.SERVING, ServingStatus.NOT_SERVING], ServingStatus.NOT_SERVING],
  );

  const served = [Resources, Traffic, Clients, Operations, Health, ServerReflection, ReflectionAlpha, Channelz].map(
    ({ typeName }) => typeName,
  );
  for (const version of [ServerReflection, ReflectionAlpha]) {
    const { path, requestSerialize, responseDeserialize } = methodOf(version, version.method.serverReflectionInfo);
    const call = grpc.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const ask = (messageRequest: object) =>
      call.write({ $typeName: `${version.typeName}Request`, host: "", messageRequest } as never);
    ask({ case: "listServices", value: "" });
    const answers = call[Symbol.asyncIterator]() as AsyncIterator<ServerReflectionResponse>;
    const { messageResponse } = (await answers.next()).value as ServerReflectionResponse;
    assert.ok(messageResponse.case === "listServicesResponse");
    assert.deepEqual(
      messageResponse.value.service.map(({ name }) => name),
      served,
    );
    for (const value of served) {
      ask({ case: "fileContainingSymbol", value });
      assert.equal(
        ((await answers.next()).value as ServerReflectionResponse).messageResponse.case,
        "fileDescriptorResponse",
        value,
      );
    }
    call.end();
  }
  const { server } = await grpc.ask(Channelz.method.getServers, {});
  assert.equal(server.length, 1);
  assert.ok(Number(server[0]?.data?.callsStarted) > 1);
});

/** A request with a good form, for something that is not there. */
const samples: readonly { readonly method: DescMethod; readonly request: object }[] = [
  { method: Resources.method.listResources, request: { kind: "TrafficPolicy" } },
  { method: Resources.method.getResource, request: { kind: "Route", name: "absent" } },
  { method: Resources.method.applyResources, request: { resources: [splitOf(50)], validateOnly: true } },
  ...["Service", "TrafficSplit", "TrafficPolicy", "Route", "Patch", "Drain"].map((kind) => ({
    method: Resources.method.deleteResource,
    request: { kind, name: "absent" },
  })),
  { method: Resources.method.planResources, request: { resources: [report] } },
  { method: Resources.method.listRevisions, request: {} },
  { method: Resources.method.rollbackRevision, request: { revision: "r7", reason: "x" } },
  { method: Resources.method.watchResources, request: {} },
  { method: Traffic.method.getTraffic, request: {} },
  { method: Traffic.method.watchTraffic, request: {} },
  { method: Traffic.method.shiftTraffic, request: { split: "absent" } },
  { method: Traffic.method.pauseShift, request: { name: "absent" } },
  { method: Traffic.method.resumeShift, request: { name: "absent" } },
  { method: Traffic.method.promoteShift, request: { name: "absent" } },
  { method: Traffic.method.abortShift, request: { name: "absent" } },
  { method: Traffic.method.drainLocality, request: { locality: "absent" } },
  { method: Traffic.method.isolateLocality, request: { locality: "absent" } },
  { method: Traffic.method.undrainLocality, request: { locality: "absent" } },
  { method: Clients.method.listClients, request: {} },
  { method: Clients.method.getClient, request: { nodeId: "absent" } },
  { method: Clients.method.getClientConfig, request: { nodeId: "absent" } },
  { method: Clients.method.watchClients, request: {} },
  { method: Operations.method.listOperations, request: {} },
  { method: Operations.method.getOperation, request: { name: "operations/absent" } },
  {
    method: Operations.method.waitOperation,
    request: { name: "operations/absent", timeout: { seconds: 0n, nanos: 1_000_000 } },
  },
  { method: Operations.method.cancelOperation, request: { name: "operations/absent" } },
  { method: Channelz.method.getServers, request: {} },
];

test("each role may call what the table of the routes says, of every method", async () => {
  const callers = ["nobody", "stranger", "viewer", "shifter", "admin"] as const;
  const tokens = new Map(callers.slice(1).map((caller) => [caller, newToken()]));
  const entry = (caller: string, more: string) =>
    `  - {name: ${caller}, sha256: ${tokenHash(tokens.get(caller as "viewer") ?? "")}, ${more}}\n`;
  await using api = await startTest(
    `tokens:\n${entry("viewer", "role: viewer")}${entry("admin", "role: admin")}${entry("shifter", 'role: shifter, services: ["*"]')}`,
  );
  const { grpc, notes } = api;
  const untried = [Resources, Traffic, Clients, Operations]
    .flatMap(({ methods }) => methods)
    .filter((method) => !samples.some((sample) => sample.method === method));
  // It asks no route.
  assert.deepEqual(
    untried.map(({ name }) => name),
    ["DeleteOperation"],
  );
  const wrong: string[] = [];
  for (const { method, request } of samples) {
    for (const caller of callers) {
      const before = notes.length;
      const token = tokens.get(caller as "viewer");
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const code = await outcomeOf(method, request, headers);
      const asked = notes
        .slice(before)
        .flatMap((note) => (note.kind === "operator-answered" ? [`${note.method} ${note.route}`] : []));
      const rules = asked.map((row) => routeRoles[row]);
      const got = code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED ? code : "in";
      const expected =
        rules.map((rule) => (rule ? verdict(caller, rule) : "no rule")).find((each) => each !== "in") ?? "in";
      // A stream that is let in answers when it ends.
      if (got !== expected || (asked.length === 0 && method.methodKind === "unary"))
        wrong.push(`${caller}: ${method.name} by ${asked} gave ${code}, not ${expected}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(api.parts.policies.books.current()?.revision ?? 0, 0);
  assert.equal((await grpc.ask(Health.method.check, {})).status, ServingStatus.SERVING);

  function verdict(caller: (typeof callers)[number], rule: RouteRule) {
    if (rule.least === "anyone") return "in";
    if (caller === "nobody" || caller === "stranger") return status.UNAUTHENTICATED;
    return roles.indexOf(caller) < roles.indexOf(rule.least) ? status.PERMISSION_DENIED : "in";
  }

  async function outcomeOf(method: DescMethod, request: object, headers: Record<string, string>): Promise<number> {
    if (method.methodKind === "unary")
      return grpc.ask(method as DescMethodUnary, request as never, headers).then(
        () => status.OK,
        (error: { code: number }) => error.code,
      );
    const call = grpc.watch(method as DescMethodServerStreaming, request as never, headers);
    const [what] = (await Promise.race([
      once(call, "data").then(() => [{ code: status.OK }]),
      once(call, "error"),
    ])) as [{ code: number }];
    call.on("error", () => undefined);
    call.cancel();
    return what.code;
  }
});
