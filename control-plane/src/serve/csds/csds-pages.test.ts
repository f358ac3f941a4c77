import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { ClientResourceStatus } from "@weir/proto/envoy/admin/v3/config_dump_shared_pb.ts";
import { ClientStatusResponseSchema, ConfigStatus } from "@weir/proto/envoy/service/status/v3/csds_pb.ts";
import type { ResourceStatus } from "../clients.ts";
import { createConnectedClients } from "../connected-clients.ts";
import { connectedClient } from "../testing.ts";
import { statusPages } from "./csds-pages.ts";

const at = new Date("2026-11-21T10:00:00Z");
const body = create(AnySchema, { typeUrl: "type.googleapis.com/test", value: Buffer.from("content") });

test("a client is told with its node, and each resource with what became of it", async () => {
  const resources: ResourceStatus[] = [
    { type: "cluster", name: "report", status: "ACKED", version: "v2", held: "v2", at, body },
    { type: "listener", name: "edge", status: "NACKED", version: "v2", held: "v1", at, body, reason: "port in use" },
    { type: "endpoints", name: "report", status: "REQUESTED", version: "v3", held: "", at, body },
    { type: "endpoints", name: "gone", status: "REQUESTED", version: "", held: "", at },
    { type: "routes", name: "none", status: "DOES_NOT_EXIST", version: "", held: "", at },
    { type: "secret", name: "key", status: "ACKED", version: "v1", held: "v1", at, body },
  ];
  const [page] = await pagesOf([{ resources }]);
  const [config] = page ?? [];
  assert.deepEqual(
    [config?.node?.id, config?.node?.cluster, config?.node?.locality?.region, config?.node?.locality?.zone],
    ["client-0", "billing", "dc-a", "z1"],
  );
  assert.equal(config?.node?.userAgentName, "gRPC Node");
  assert.deepEqual(config?.node?.metadata, { track: "canary" });
  const shown = config?.genericXdsConfigs.map(
    ({ name, versionInfo, configStatus, clientStatus, xdsConfig, errorState }) =>
      `${name} ${versionInfo || "-"} ${nameOf(ConfigStatus, configStatus)} ${nameOf(ClientResourceStatus, clientStatus)}` +
      `${xdsConfig ? " content" : ""}${errorState ? ` ${errorState.versionInfo}: ${errorState.details}` : ""}`,
  );
  assert.deepEqual(shown, [
    "report v2 SYNCED ACKED content",
    "edge v1 ERROR NACKED v2: port in use",
    "report v3 STALE REQUESTED content",
    "gone - NOT_SENT REQUESTED",
    "none - NOT_SENT DOES_NOT_EXIST",
    "key v1 SYNCED ACKED",
  ]);
  const rejected = config?.genericXdsConfigs[1]?.errorState;
  assert.deepEqual(rejected?.failedConfiguration?.value, new Uint8Array(body.value));
  assert.equal(rejected?.lastUpdateAttempt?.seconds, BigInt(at.getTime() / 1000));
  assert.equal(config?.genericXdsConfigs[0]?.typeUrl, "type.googleapis.com/envoy.config.cluster.v3.Cluster");
});

test("older tools find the status of each type", async () => {
  const [page] = await pagesOf([{ resources: [] }]);
  assert.deepEqual(
    page?.[0]?.xdsConfig.map(({ status, perXdsConfig }) => `${perXdsConfig.case} ${nameOf(ConfigStatus, status)}`),
    ["clusterConfig NOT_SENT", "endpointConfig NOT_SENT", "listenerConfig NOT_SENT", "routeConfig NOT_SENT"],
  );
});

test("contents are left out when they are not wanted", async () => {
  const resources: ResourceStatus[] = [
    { type: "cluster", name: "a", status: "ACKED", version: "v1", held: "v1", at, body },
    { type: "cluster", name: "b", status: "NACKED", version: "v2", held: "v1", at, body, reason: "no" },
  ];
  const [page] = await pagesOf([{ resources }], { contents: false });
  assert.deepEqual(
    page?.[0]?.genericXdsConfigs.map(({ xdsConfig, errorState }) => xdsConfig ?? errorState?.failedConfiguration),
    [undefined, undefined],
  );
});

test("nobody makes one empty answer", async () => {
  assert.deepEqual(await pagesOf([]), [[]]);
});

test("many clients come in several messages, each client whole", async () => {
  const pages = await pagesOf(
    Array.from({ length: 100 }, () => ({ resources: acked(10) })),
    { mostBytes: 8_192 },
  );
  assert.ok(pages.length > 5);
  const configs = pages.flat();
  assert.equal(configs.length, 100);
  assert.ok(configs.every(({ genericXdsConfigs }) => genericXdsConfigs.length === 10));
  assert.equal(new Set(configs.map(({ node }) => node?.id)).size, 100);
});

test("a client with more than a message holds goes on in the next, and others have their turn meanwhile", async () => {
  let breaths = 0;
  const pages = await pagesOf([{ resources: acked(3) }, { resources: acked(5_000) }, { resources: acked(3) }], {
    mostBytes: 65_536,
    breathe: async () => {
      breaths += 1;
    },
  });
  const counts = pages.map((page) =>
    page.map(({ node, genericXdsConfigs }) => `${node?.id} ${genericXdsConfigs.length}`),
  );
  const names = pages
    .flat()
    .flatMap(({ node, genericXdsConfigs }) => genericXdsConfigs.map(({ name }) => `${node?.id} ${name}`));
  assert.ok(pages.length > 3, JSON.stringify(counts));
  assert.equal(names.length, 5_006);
  assert.equal(new Set(names).size, 5_006);
  assert.ok(breaths >= 9);
});

async function pagesOf(
  clients: readonly { readonly resources: readonly ResourceStatus[] }[],
  { contents = true, mostBytes = 1_000_000, breathe = async () => undefined as unknown } = {},
) {
  const table = createConnectedClients();
  for (const [index, { resources }] of clients.entries())
    table.add(
      connectedClient({
        identity: { nodeId: `client-${index}`, metadata: { track: "canary" } },
        resources: () => resources,
      }),
    );
  const pages = [];
  for await (const bytes of statusPages(table.list(), { contents, mostBytes, breathe })) {
    assert.ok(bytes.length < mostBytes * 1.1);
    pages.push(fromBinary(ClientStatusResponseSchema, bytes).config);
  }
  return pages;
}

function acked(count: number): readonly ResourceStatus[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ type: "cluster" as const, name: `cluster-${index}`, status: "ACKED" as const },
    ...{ version: "v1", held: "v1", at },
  }));
}

function nameOf(values: Readonly<Record<string, number>>, value: unknown): string {
  return Object.entries(values).find(([, each]) => each === value)?.[0] ?? String(value);
}
