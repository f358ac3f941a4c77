import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Client, credentials, status } from "@grpc/grpc-js";
import { DiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { variants } from "./plain-client.ts";
import { replyText } from "./plain-reply.ts";
import { type PlainType, plainTypes, urlOf } from "./plain-types.ts";
import { startServedWorld } from "./served-world.ts";

const types = Object.keys(plainTypes) as readonly PlainType[];

for (const variant of variants) {
  for (const type of types) {
    test(`${variant}: ${plainTypes[type].service.name} serves its type, whether or not the type is said, and no other`, async () => {
      await using world = await startServedWorld();
      const other = type === "cluster" ? "endpoints" : "cluster";
      world.set({ [type]: { a: "v1", b: "v1" }, [other]: { a: "v1" } });
      using stream = world.open(variant, { service: type });
      stream.want(other, ["a"]);
      if (variant === "sotw") stream.sendSotw({ resourceNames: ["a"] });
      else stream.sendDelta({ resourceNamesSubscribe: ["a"] });
      const reply = await stream.next();
      assert.equal(replyText(reply), `${type} +a@v1`);
      const answer = { responseNonce: reply.nonce };
      if (variant === "sotw") stream.sendSotw({ ...answer, resourceNames: ["a"], versionInfo: reply.version });
      else stream.sendDelta(answer);
      world.set({ [type]: { a: "v1", b: "v2" }, [other]: { a: "v2" } });
      world.set({ [type]: { a: "v2", b: "v2" }, [other]: { a: "v2" } });
      assert.equal(replyText(await stream.next()), `${type} +a@v2`);
      assert.deepEqual(
        world.notes.flatMap((note) => (note.kind === "unknown-type" ? note.typeUrl : [])),
        [`${urlOf(other)} (on a service of another type)`],
      );
    });
  }

  test(`${variant}: streams of several services of one node each have their own nonces and live by themselves`, async () => {
    await using world = await startServedWorld();
    world.set({ cluster: { a: "v1" }, endpoints: { a: "v1" } });
    const node = { id: "one" };
    using clusters = world.open(variant, { service: "cluster", node });
    using endpoints = world.open(variant, { service: "endpoints", node });
    clusters.want("cluster", ["*"]);
    endpoints.want("endpoints", ["a"]);
    assert.equal(replyText(await clusters.next()), "cluster +a@v1");
    assert.equal(replyText(await endpoints.next()), "endpoints +a@v1");
    endpoints.ack("endpoints");
    clusters.cancel();
    world.set({ cluster: { a: "v2" }, endpoints: { a: "v2" } });
    assert.equal(replyText(await endpoints.next()), "endpoints +a@v2");
  });
}

test("what is fetched once, as REST has it, is refused as not there", async () => {
  await using world = await startServedWorld();
  world.set({ cluster: { a: "v1" } });
  const client = new Client(`${world.server.host}:${world.server.port}`, credentials.createInsecure());
  using _closing = { [Symbol.dispose]: () => client.close() };
  for (const type of types) {
    const { service } = plainTypes[type];
    for (const method of service.methods.filter(({ methodKind }) => methodKind === "unary")) {
      const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
      const code = await new Promise<status | undefined>((resolve) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(DiscoveryRequestSchema), (error) =>
          resolve(error?.code),
        );
      });
      assert.equal(code, status.UNIMPLEMENTED, path);
    }
  }
});
