import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { cancel, create, report } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import type { Chore } from "../ports/clean-up.ts";
import { openStore } from "./open-store.ts";

const others = 100_000;

test("who looks for what is to expire steps over nothing that has expired, and the other way round", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  using store = openStore(path);
  for (const id of ["a", "b"]) {
    await create(store.reports, report(id, 1, { retentionMs: 1 }));
    await store.reports.change(report(id, 1), cancel, 10);
  }
  await store.cleanUp.clear("expired", 11, 1);
  const before = { expired: await millisOf("expired"), forgotten: await millisOf("forgotten") };
  using beside = new DatabaseSync(path);
  for (const [state, chore] of [
    ["expired", "expired"],
    ["cancelled", "forgotten"],
  ] as const) {
    beside
      .prepare(
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${others})
         insert into reports (tenant, id, created_ms, state, expires_ms, body) select 'acme', ? || i, 1, ?, 2, '' from n`,
      )
      .run(state, state);
    const after = await millisOf(chore);
    // To step over them takes a thousand times as long.
    assert.ok(after < before[chore] * 20 + 1, `${after} ms beside ${others} others, ${before[chore]} ms without`);
    beside.prepare("delete from reports where body = ''").run();
  }

  /** The fastest of many looks for the one report that is due. */
  async function millisOf(chore: Chore): Promise<number> {
    const times: number[] = [];
    for (let look = 0; look < 30; look += 1) {
      const startMs = performance.now();
      assert.equal((await store.cleanUp.due(chore, 11, 10)).length, 1);
      times.push(performance.now() - startMs);
    }
    return Math.min(...times);
  }
});
