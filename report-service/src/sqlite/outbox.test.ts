import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { provesKindLimitsByKey } from "../../test/contract/kind-limits.ts";
import { provesOutbox } from "../../test/contract/outbox.ts";
import { create, report } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { openStore } from "./open-store.ts";

provesOutbox("SQLite", openPlace);
provesKindLimitsByKey("SQLite", openPlace);

test("what a relay that died had in hand is given again after half a minute", async () => {
  await using place = await openPlace();
  await using server = await place.connect();
  const outbox = await server.openOutbox();
  await create(server.reports, report("a", 1));
  // As if its process had ended: neither done nor failed.
  void outbox.relay(() => new Promise<undefined>(() => undefined), 9, 1_000);
  const count = (nowMs: number) => outbox.relay(async () => undefined, 9, nowMs);
  assert.equal(await count(30_999), 0);
  assert.equal(await count(31_000), 1);
});

test("a store whose outbox nobody opened keeps none", async () => {
  await using place = await openPlace();
  await using server = await place.connect();
  await create(server.reports, report("a", 1));
  const outbox = await server.openOutbox();
  assert.equal(await outbox.length(), 0);
});

async function openPlace() {
  const directory = await temporaryDirectory();
  return {
    async connect() {
      const store = openStore(join(directory.path, "reports.db"));
      return { ...store, [Symbol.asyncDispose]: async () => store[Symbol.dispose]() };
    },
    [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
  };
}
