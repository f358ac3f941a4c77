import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createSharedPolicyStore } from "../../policy/shared/shared-policy-store.ts";
import { change, noon, put, service, temporaryDirectory } from "../../policy/testing.ts";
import { createMemoryKv } from "../../store/memory-kv.ts";
import { documentsAt } from "./documents-at.ts";
import { operationsTo } from "./operations-to.ts";

test("a replica goes back on what another one wrote, and is refused when the base has moved", async () => {
  const kv = createMemoryKv();
  await using place = await temporaryDirectory();
  const replica = (name: string) =>
    createSharedPolicyStore({
      ...{ kv, prefix: "weir", dir: join(place.dir, name), observe: () => undefined },
      now: () => noon,
      monotonicMs: () => performance.now(),
    });
  await using a = await replica("a");
  await using b = await replica("b");
  await a.change(change(put(service("report", { port: 1 }))));
  await a.change(change(put(service("report", { port: 2 }))));
  await a.change(change(put(service("other"))));
  const limit = AbortSignal.timeout(10_000);
  while (b.journal(1)[0]?.revision !== 3) {
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const operations = operationsTo(documentsAt(b, 1), b);
  assert.deepEqual(
    operations.map(({ kind }) => kind),
    ["put", "delete"],
  );
  const back = { ...change(...operations), base: 3 };
  await a.change(change(put(service("third"))));
  assert.deepEqual(await b.change(back), { kind: "moved", base: 3, revision: 4 });
  const again = await b.change({ ...change(...operationsTo(documentsAt(b, 1), b)), base: 4 });
  assert.equal(again.kind, "done");
  assert.deepEqual(
    b.list("Service").map(({ name }) => name),
    ["report"],
  );
});
