import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryKv } from "../../store/memory-kv.ts";
import { serviceName } from "../testing.ts";
import { shareConfirmations } from "./shared-confirmations.ts";

const ana = { by: "ana", reason: "CHG-4711" };

/** A replica on this store, and what it was told to confirm. */
function replica(kv: ReturnType<typeof createMemoryKv>, signal: AbortSignal) {
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  const shared = shareConfirmations(
    {
      kv,
      prefix: "weir",
      confirm: (service, { by, reason }) => {
        heard.push(`${service} by ${by}: ${reason}`);
        for (const wake of waiting.splice(0)) wake();
      },
    },
    signal,
  );
  const hears = async (count: number) => {
    while (heard.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return heard;
  };
  return { ...shared, heard, hears };
}

/** Resolves when it has read what is there now: a key that only marks the place comes back. */
async function caughtUp(one: ReturnType<typeof replica>, mark: string): Promise<void> {
  const before = one.heard.length;
  while (one.heard.length === before) {
    await one.tell(serviceName(mark), { by: "test", reason: "" });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("what is confirmed at one replica is heard by all, each time, and nothing of before their start", async () => {
  const stop = new AbortController();
  const kv = createMemoryKv();
  const first = replica(kv, stop.signal);
  await first.tell(serviceName("old"), ana);
  const second = replica(kv, stop.signal);
  await caughtUp(second, "mark");
  const before = second.heard.length;
  await first.tell(serviceName("report"), ana);
  await second.hears(before + 1);
  await first.tell(serviceName("report"), { ...ana, reason: "again" });
  const heard = await second.hears(before + 2);
  assert.deepEqual(
    heard.filter((each) => !each.startsWith("mark")),
    ["report by ana: CHG-4711", "report by ana: again"],
  );
  kv.fail("no leader");
  await assert.rejects(first.tell(serviceName("report"), ana), /no leader/);
  stop.abort();
});
