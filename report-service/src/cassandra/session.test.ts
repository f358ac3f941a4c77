import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksCassandra, startCassandra } from "../../../test/kit/cassandra.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { connect } from "./session.ts";

test("statements that are under way when Cassandra is killed find it unavailable, and nothing else", {
  skip: lacksCassandra,
}, async () => {
  await using cassandra = await startCassandra();
  const [node] = cassandra.nodes;
  assert.ok(node);
  await using session = await connect({
    contactPoints: [node.address],
    keyspace: "system",
    datacenter: "dc-a",
    replication: {},
    serial: "local",
    timeoutMs: 5_000,
  });
  const answered = Promise.withResolvers<void>();
  const found: unknown[] = [];
  // As many as are always some on the way.
  const asking = Array.from({ length: 50 }, async () => {
    try {
      for (;;) {
        await session.rows("select * from system.local", []);
        answered.resolve();
      }
    } catch (error) {
      found.push(error);
    }
  });
  await answered.promise;
  await node.kill();
  await Promise.all(asking);
  assert.deepEqual(
    found.filter((error) => !(error instanceof StoreUnavailable)),
    [],
  );
  const causes = found.map((error) => (error as Error).cause);
  assert.ok(
    causes.some((cause) => cause instanceof Error && "isSocketError" in cause),
    "none was on the way",
  );
});
