import assert from "node:assert/strict";
import { test } from "node:test";
import { startWeir } from "../../../test/kit/weir.ts";
import { startRecordingServer } from "../../test/registry-server.ts";
import { createWeirRegistrar } from "./weir-registrar.ts";

const signal = new AbortController().signal;
const instance = {
  service: "report",
  id: "one/1",
  address: "127.0.0.1:9001",
  locality: "dc-a/z1",
  weight: 50,
  metadata: { version: "v1" },
  leaseSeconds: 10,
};

test("an instance is put with its lease, and deleted waiting for clients to leave", async () => {
  await using registry = await startRecordingServer();
  const registrar = createWeirRegistrar(registry.url, instance);
  await registrar.register(signal);
  await registrar.leave(signal);
  const { service, id, ...body } = instance;
  assert.deepEqual(registry.received, [
    { line: "PUT /v1/registry/services/report/endpoints/one%2F1", body, contentType: "application/json" },
    { line: "DELETE /v1/registry/services/report/endpoints/one%2F1?wait=5s", body: "", contentType: undefined },
  ]);
});

test("a real Weir takes the instance, its renewal and its leaving", async () => {
  await using weir = await startWeir();
  const registrar = createWeirRegistrar(new URL(`http://${weir.admin}`), { ...instance, id: "one-1" });
  const listed = async () => {
    const { body } = await weir.api("GET", "/v1/registry/services/report/endpoints");
    return (body as { readonly endpoints: readonly { readonly id: string; readonly weight: number }[] }).endpoints;
  };
  await registrar.register(signal);
  await registrar.register(signal);
  assert.deepEqual(
    (await listed()).map(({ id, weight }) => [id, weight]),
    [["one-1", 50]],
  );
  await registrar.leave(signal);
  assert.deepEqual(await listed(), []);
  await registrar.leave(signal);
});

test("a registry under a path keeps it, and one that has forgotten us is fine with us leaving", async () => {
  await using registry = await startRecordingServer(({ line }) => (line.startsWith("DELETE") ? 404 : 200));
  const registrar = createWeirRegistrar(new URL("weir", registry.url), instance);
  await registrar.register(signal);
  await registrar.leave(signal);
  assert.match(registry.received[0]?.line ?? "", /^PUT \/weir\/v1\//);
});

test("a refusal is an error that quotes it", async () => {
  await using registry = await startRecordingServer(() => 400);
  await assert.rejects(createWeirRegistrar(registry.url, instance).register(signal), /PUT http.*: 400/);
});
