import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsulFeed, Feed, FeedState, FeedStates } from "./feed.ts";
import { overviewOf, waitingText } from "./overview.ts";
import { consulSource } from "./source-names.ts";
import { at, endpoint, registryFeed } from "./testing.ts";

const a = endpoint("10.0.0.1:1");
const consulFeed = (datacenter: string, service: string): ConsulFeed => ({
  kind: "consul",
  key: `consul/${datacenter}/${service}`,
  source: consulSource(datacenter),
  datacenter,
  service,
  tags: [],
  passingOnly: true,
  localityRules: { regionFrom: "datacenter", zoneFrom: [] },
});
const statesOf = (...given: readonly (readonly [Feed, FeedState])[]): FeedStates =>
  new Map(given.map(([feed, state]) => [feed.key, { feed, state }]));
const refusedAt = new Error("connection refused");
const current = (seconds: number): FeedState => ({ kind: "current", endpoints: [a], at: at(seconds), skipped: [] });
const stale = (since: number): FeedState => ({
  kind: "stale",
  endpoints: [a],
  at: at(1),
  skipped: [],
  since: at(since),
  cause: refusedAt,
});
const waiting: FeedState = { kind: "waiting", since: at(3), overdue: false, cause: refusedAt };

test("a source is as bad as its worst feed, since the first of those", () => {
  const overview = overviewOf(
    statesOf(
      [consulFeed("dc-a", "report"), current(5)],
      [consulFeed("dc-a", "result"), stale(7)],
      [consulFeed("dc-a", "other"), stale(6)],
      [registryFeed("report"), current(4)],
      [consulFeed("dc-b", "report"), waiting],
    ),
  );
  assert.deepEqual(
    overview.map(({ source, state, since, services, endpoints, cause }) => [
      source,
      state,
      since.getTime() / 1000,
      services,
      endpoints,
      cause,
    ]),
    [
      ["consul/dc-a", "stale", 6, 3, 3, "connection refused"],
      ["consul/dc-b", "waiting", 3, 1, 0, "connection refused"],
      ["registry", "current", 4, 1, 1, undefined],
    ],
  );
});

test("what is skipped is shown, and when the source last spoke", () => {
  const skipped = [{ at: "node-1/report-1", says: "port 0 is not between 1 and 65535" }];
  const [overview] = overviewOf(
    statesOf(
      [consulFeed("dc-a", "report"), { kind: "current", endpoints: [], at: at(5), skipped }],
      [consulFeed("dc-a", "result"), stale(7)],
    ),
  );
  assert.deepEqual([overview?.skipped, overview?.lastSeen], [skipped, at(5)]);
});

test("the greatest lag of its answers is shown, where they have one", () => {
  const evidence = (lagMs: number) => ({ evidence: { lagMs, confirmed: false } });
  const [consul, registry] = overviewOf(
    statesOf(
      [consulFeed("dc-a", "report"), { ...current(5), ...evidence(20) } as FeedState],
      [consulFeed("dc-a", "result"), { ...stale(7), ...evidence(90) } as FeedState],
      [registryFeed("report"), current(4)],
    ),
  );
  assert.deepEqual([consul?.lagMs, registry?.lagMs], [90, undefined]);
});

test("what is waited for is said in words, a line for each source", () => {
  const feeds = [consulFeed("dc-b", "report"), consulFeed("dc-b", "result"), registryFeed("report")];
  const lines = waitingText(
    feeds.map(({ key }) => key),
    new Map(feeds.map((feed) => [feed.key, feed])),
    statesOf([consulFeed("dc-b", "report"), waiting], [consulFeed("dc-b", "result"), waiting]),
    at(7),
  );
  assert.deepEqual(lines, [
    "consul/dc-b has not answered for 4 s (2 services): connection refused",
    "registry has not answered for 0 s (1 service)",
  ]);
});
