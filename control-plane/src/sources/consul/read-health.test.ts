import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ConsulFeed, SourceNote } from "../feed.ts";
import { sourceName } from "../testing.ts";
import type { Asking, DatacenterClient } from "./consul-datacenter.ts";
import { createReadHealth, type Reading } from "./read-health.ts";

const recorded = readFileSync(new URL("../../../testdata/sources/consul-health.json", import.meta.url), "utf8");
const fewer = JSON.stringify((JSON.parse(recorded) as unknown[]).slice(0, 2));

const feed: ConsulFeed = {
  ...{ kind: "consul", key: "consul/dc-a/report", source: sourceName("consul/dc-a"), datacenter: "dc-a" },
  ...{ service: "report", tags: ["grpc"], passingOnly: true },
  localityRules: { regionFrom: "datacenter", zoneFrom: ["meta.zone"] },
};

type Answer = { readonly index: number; readonly text?: string; readonly lagMs?: number; readonly filtered?: boolean };

/** Reads again and again; the data center gives these answers. */
function reading(answers: readonly Answer[]) {
  const notes: SourceNote[] = [];
  const asked: Asking["by"][] = [];
  let mistrusted = 0;
  let nowMs = 0;
  let last: Reading | undefined;
  const datacenter: DatacenterClient = {
    configured: {
      ...{ name: "dc-a", region: "eu-west", datacenter: "dc-a", addresses: [], tokenFile: undefined, tls: undefined },
      stale: true,
    },
    source: sourceName("consul/dc-a"),
    async ask(_, { by }) {
      const { index, text = recorded, lagMs = 0, filtered = false } = answers[asked.length] ?? { index: 0 };
      asked.push(by);
      return { index, knownLeader: true, lastContactMs: lagMs, filtered, text };
    },
    mistrust: () => mistrusted++ === 0,
    [Symbol.dispose]() {},
  };
  const read = createReadHealth({
    datacenter,
    observe: (note) => notes.push(note),
    monotonicMs: () => nowMs,
    limits: { rewoundMs: 1_000 },
  });
  return {
    notes,
    asked,
    mistrusted: () => mistrusted,
    wait(ms: number) {
      nowMs += ms;
    },
    async next(consistent = false): Promise<Reading> {
      last = await read(
        feed,
        last,
        { index: 0, by: consistent ? "confirmed-leader" : "any" },
        new AbortController().signal,
      );
      return last;
    },
  };
}

test("the first answer is the leader's, later ones are any server's, and their age is told", async () => {
  const it = reading([{ index: 10 }, { index: 11, lagMs: 40 }]);
  assert.deepEqual((await it.next()).sighting.evidence, { lagMs: 0, confirmed: false });
  assert.deepEqual((await it.next()).sighting.evidence, { lagMs: 40, confirmed: false });
  assert.deepEqual(it.asked, ["leader", "any"]);
});

test("the same text again is the very same list of endpoints", async () => {
  const it = reading([{ index: 10 }, { index: 12 }, { index: 13, text: fewer }]);
  const first = await it.next();
  assert.equal((await it.next()).sighting.endpoints, first.sighting.endpoints);
  assert.equal((await it.next()).sighting.endpoints.length, 2);
});

test("a server that lags is not believed: the leader's answer counts, and nothing is said of lost data", async () => {
  const it = reading([{ index: 10 }, { index: 7, text: "[]" }, { index: 10 }]);
  await it.next();
  const { sighting, index } = await it.next();
  assert.deepEqual([sighting.endpoints.length, index, it.notes], [5, 10, []]);
  assert.deepEqual(sighting.evidence, { lagMs: 0, confirmed: true });
  assert.deepEqual(it.asked, ["leader", "any", "confirmed-leader"]);
});

test("a server that lags three times in a row is asked no more for a while", async () => {
  const behind = [{ index: 7 }, { index: 10 }];
  const it = reading([{ index: 10 }, ...behind, ...behind, { index: 10 }, ...behind, ...behind, ...behind]);
  for (let turn = 0; turn < 6; turn++) await it.next();
  assert.equal(it.mistrusted(), 0, "not in a row");
  await it.next();
  assert.equal(it.mistrusted(), 1);
});

test("data that was lost is told, and stays on show until the index is where it was, or for a while", async () => {
  const lost = { index: 4, text: "[]" };
  const it = reading([{ index: 10 }, lost, lost, { index: 6 }, { index: 10 }, lost, lost, { index: 5 }]);
  await it.next();
  const rewound = { from: 10, to: 4 };
  assert.deepEqual((await it.next()).sighting.evidence, { lagMs: 0, confirmed: true, rewound });
  assert.deepEqual((await it.next()).sighting.evidence?.rewound, rewound);
  assert.equal((await it.next()).sighting.evidence?.rewound, undefined);
  await it.next();
  it.wait(1_001);
  assert.equal((await it.next()).sighting.evidence?.rewound, undefined);
  assert.deepEqual(
    it.notes.map((note) => note.kind === "source-rewound" && [note.from, note.to]),
    [
      [10, 4],
      [10, 4],
    ],
  );
});

test("a consistent answer that contradicts the last one at the same index counts, is told, and is the end of stale reads", async () => {
  const it = reading([{ index: 10, text: fewer }, { index: 10 }, { index: 10 }]);
  await it.next();
  assert.equal((await it.next(true)).sighting.endpoints.length, 5);
  assert.equal(it.mistrusted(), 1);
  assert.deepEqual(
    it.notes.map((note) => note.kind === "source-repaired" && note.endpoints),
    [5],
  );
  await it.next(true);
  assert.equal(it.notes.length, 1, "told once");
});

test("a consistent answer with a newer index, or in another order, is no contradiction", async () => {
  const reversed = JSON.stringify((JSON.parse(recorded) as unknown[]).toReversed());
  const it = reading([{ index: 10, text: fewer }, { index: 11 }, { index: 11, text: reversed }]);
  await it.next();
  await it.next(true);
  await it.next(true);
  assert.deepEqual([it.mistrusted(), it.notes], [0, []]);
});

test("an answer that is empty only because of what the token may not read is refused", async () => {
  const it = reading([{ index: 10, text: "[]", filtered: true }]);
  await assert.rejects(it.next(), /the token may not read/);
});
