import assert from "node:assert/strict";
import { test } from "node:test";
import { patched } from "../../lib/merge-patch.ts";
import { connectedClient } from "../../serve/testing.ts";
import { startTestParts } from "../testing.ts";
import type { Overview } from "./overview.ts";
import { createOverviewChannel } from "./overview-channel.ts";
import { overviewNow } from "./overview-now.ts";

const overview: Overview = {
  version: "1",
  traffic: { revision: 1, reports: { clients: 0, of: 0, windowSeconds: 10, lagSeconds: 2 }, services: {} },
  clients: { clients: 0, synced: 0, groups: {}, troubled: {}, troubledLeftOut: 0 },
  sources: {},
  guard: { held: {}, heldInAll: 0, refused: {}, refusedInAll: 0 },
  store: { kind: "file", where: "here", state: "current", since: "2026-01-01T00:00:00Z", known: true, revision: 1 },
  shifts: {},
};

/** What a page knows after it read this text. */
function after(text: string, before?: unknown): { readonly overview: unknown; readonly id: string } {
  let [known, id] = [before, ""];
  for (const [, event, at = "", data = ""] of text.matchAll(/^event: (\w+)\nid: (\S+)\ndata: (.*)$/gm)) {
    const told = JSON.parse(data) as { readonly overview?: unknown; readonly patch?: unknown };
    known = event === "overview" ? told.overview : patched(known, told.patch);
    id = at;
  }
  return { overview: known, id };
}

/** Services of three places each, of which each second all numbers are others. */
function busy(services: number, second: number): Overview["traffic"] {
  const row = (to: string, place: number) => ({
    ...{ from: "*", to, use: "share" as const, priority: 0, weightPercent: 33, endpoints: { serving: 3, total: 3 } },
    observed: { percent: (second * 7 + place) % 100, rps: second + place, errorPercent: (second + place) % 3 },
  });
  const service = { rows: { 0: row("dc-a", 1), 1: row("dc-b", 2), 2: row("dc-c", 3) } };
  const rest = { places: {}, overrides: {}, held: {} };
  const named = Array.from({ length: services }, (_, index) => [`service-${index}`, { ...service, ...rest }]);
  return { ...overview.traffic, services: Object.fromEntries(named) };
}

test("each second only what changed is told, and who comes back is told what was missed of it", () => {
  let now = overview;
  const channel = createOverviewChannel({ look: () => now });
  const first = after(channel.beginning(undefined, true));
  assert.deepEqual(first.overview, overview);
  now = { ...overview, clients: { ...overview.clients, clients: 1 } };
  const text = channel.step();
  assert.match(text, /"patch":\{"clients":\{"clients":1\}\}/);
  const second = after(text, first.overview);
  assert.deepEqual(second.overview, now);
  assert.match(channel.step(), /"patch":\{\}/);
  now = { ...now, version: "2" };
  channel.step();
  const again = channel.beginning(second.id, false);
  assert.doesNotMatch(again, /event: overview/);
  assert.deepEqual(after(again, second.overview).overview, now);
  now = { ...now, version: "3" };
  assert.deepEqual(after(channel.beginning(second.id, true), second.overview).overview, now, "as nobody listened");
  assert.match(channel.beginning("r1.00000000.1", false), /event: overview/);
});

test("where more changes than fits into a second, every service has its turn within seconds", () => {
  let second = 0;
  const channel = createOverviewChannel({ look: () => ({ ...overview, traffic: busy(600, second) }) });
  let known = after(channel.beginning(undefined, true)).overview;
  const toldOf = new Set<string>();
  while (toldOf.size < 600) {
    second++;
    assert.ok(second < 20, `${toldOf.size} of 600 after ${second} s`);
    const text = channel.step();
    assert.ok(Buffer.byteLength(text) < 18_000, `${Buffer.byteLength(text)} bytes`);
    for (const [, name = ""] of text.matchAll(/"(service-\d+)":/g)) toldOf.add(name);
    known = after(text, known).overview;
  }
  // Once nothing changes any more, all of it is known.
  for (let quiet = 0; quiet < 20; quiet++) known = after(channel.step(), known).overview;
  assert.deepEqual((known as Overview).traffic, busy(600, second));
});

test("500 clients are told in the size of their places, and nothing again while nothing happens", async () => {
  await using weir = await startTestParts();
  for (let index = 0; index < 500; index++) {
    const locality = `dc-${index % 5}/zone-${index % 40}`;
    weir.clients.add(connectedClient({ identity: { nodeId: `a-client-with-a-long-name-${index}`, locality } }));
  }
  const channel = createOverviewChannel({ look: () => overviewNow(weir.parts) });
  const text = channel.beginning(undefined, true);
  const told = after(text).overview as Overview;
  assert.equal(told.clients.clients, 500);
  assert.ok(Object.keys(told.clients.groups).length === 40 && text.length < 20_000, `${text.length} bytes`);
  const more = channel.step();
  assert.ok(more.length < 300, more);
});
