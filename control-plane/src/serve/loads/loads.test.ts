import assert from "node:assert/strict";
import { test } from "node:test";
import { type Locality, localityText } from "../../model/locality.ts";
import { createLoads, type LoadReport, type LoadRow, loadLimits, type Reported } from "./loads.ts";
import type { ObservedLoad } from "./observed-loads.ts";

test("the observed share of a service is what its callers counted, added up", () => {
  const { loads, at, reporter } = setUp();
  const edge = reporter("edge-1", "dc-a/z1");
  const billing = reporter("billing-1", "dc-a/z1");
  for (const second of [2, 4, 6, 8, 10]) {
    at(second);
    edge.report(
      saying({ report: { "dc-a/z1": { issued: 140, ok: 139, error: 1 }, "dc-b/z1": { issued: 60, ok: 60 } } }),
    );
    billing.report(saying({ report: { "dc-a/z1": { issued: 14, ok: 14 }, "dc-b/z1": { issued: 6, ok: 6 } } }));
  }
  at(12);
  assert.deepEqual(shown(loads.observed()), [
    "report dc-a/z1 -> dc-a/z1 P0: 770 requests, 765 ok, 5 error",
    "report dc-a/z1 -> dc-b/z1 P0: 330 requests, 330 ok, 0 error",
  ]);
  assert.deepEqual(loads.observed("report"), loads.observed());
  assert.deepEqual(loads.observed("billing"), []);
});

test("callers at different places and priorities are told apart", () => {
  const { loads, at, reporter } = setUp();
  const row = { to: "dc-b/z1", reported: { issued: 5, ok: 5 } };
  at(2);
  reporter("a", "dc-a").report({ rows: [rowOf("report", row), rowOf("report", { ...row, priority: 1 })], drops: [] });
  reporter("b", "dc-b/z1/rack").report({ rows: [rowOf("report", row)], drops: [] });
  at(4);
  assert.deepEqual(shown(loads.observed()), [
    "report dc-a -> dc-b/z1 P0: 5 requests, 5 ok, 0 error",
    "report dc-a -> dc-b/z1 P1: 5 requests, 5 ok, 0 error",
    "report dc-b/z1/rack -> dc-b/z1 P0: 5 requests, 5 ok, 0 error",
  ]);
});

test("requests to a part of a service are requests to the service", () => {
  const { loads, at, reporter } = setUp();
  at(2);
  const rows = ["report", "report|v1", "report|v2"].map((cluster) =>
    rowOf(cluster, { to: "dc-b/z1", reported: { issued: 5, ok: 5, inProgress: 1 } }),
  );
  reporter("a", "dc-a").report({ rows, drops: [{ cluster: "report|v2", intervalMs: 1_000, dropped: 3 }] });
  at(4);
  assert.deepEqual(shown(loads.observed("report")), ["report dc-a -> dc-b/z1 P0: 15 requests, 15 ok, 0 error"]);
  assert.equal(loads.observed("report")[0]?.inProgress, 3);
  assert.equal(loads.drops("report")[0]?.dropped, 3);
});

test("what was reported leaves the window after ten seconds", () => {
  const { loads, at, reporter } = setUp();
  at(2);
  reporter("a", "dc-a").report(saying({ report: { "dc-a": { issued: 20, ok: 20 } } }));
  const requests = (second: number) => {
    at(second);
    return loads.observed()[0]?.requests ?? 0;
  };
  // The report is of seconds 0 and 1; the window ends two seconds ago.
  assert.deepEqual([2, 3, 4, 12, 13, 14].map(requests), [0, 10, 20, 20, 10, 0]);
});

test("requests are those that were begun; of clients that do not count these, those that ended", () => {
  const { loads, at, reporter } = setUp();
  const counting = reporter("counting", "dc-a");
  const old = reporter("old", "dc-b");
  at(2);
  counting.report(saying({ report: { "dc-a": { issued: 10, inProgress: 10 } } }));
  old.report(saying({ report: { "dc-a": { ok: 4, error: 1 } } }));
  at(4);
  counting.report(saying({ report: { "dc-a": { issued: 0, ok: 10 } } }));
  at(6);
  assert.deepEqual(shown(loads.observed()), [
    "report dc-a -> dc-a P0: 10 requests, 10 ok, 0 error",
    "report dc-b -> dc-a P0: 5 requests, 4 ok, 1 error",
  ]);
});

test("open requests are those of the last report of each client, and go with it", () => {
  const { loads, at, reporter } = setUp();
  const one = reporter("one", "dc-a");
  const two = reporter("two", "dc-a");
  const open = () => loads.observed().reduce((sum, { inProgress }) => sum + inProgress, 0);
  at(2);
  one.report(saying({ report: { "dc-a": { issued: 3, inProgress: 3 } } }));
  two.report(saying({ report: { "dc-a": { issued: 4, inProgress: 4 } } }));
  assert.equal(open(), 7);
  one.report(saying({ report: { "dc-a": { issued: 3, inProgress: 1 } } }));
  assert.equal(open(), 5);
  two[Symbol.dispose]();
  assert.equal(open(), 1);
  one.report(saying({}));
  assert.equal(open(), 0);
});

test("endpoints are told one by one, over all callers", () => {
  const { loads, at, reporter } = setUp();
  at(2);
  const endpoints = [{ address: "10.0.0.1:80", reported: counted({ issued: 7, ok: 6, error: 1, inProgress: 2 }) }];
  for (const caller of ["dc-a", "dc-b"])
    reporter(caller, caller).report({ rows: [{ ...rowOf("report", { to: "dc-a" }), endpoints }], drops: [] });
  at(4);
  assert.deepEqual(loads.endpoints("report"), [
    {
      ...{ service: "report", address: "10.0.0.1:80", to: locality("dc-a") },
      ...{ requests: 14, ok: 12, error: 2, inProgress: 4 },
    },
  ]);
  assert.deepEqual(loads.endpoints("billing"), []);
});

test("dropped requests are counted by who dropped them", () => {
  const { loads, at, reporter } = setUp();
  at(2);
  reporter("a", "dc-a").report({ rows: [], drops: [{ cluster: "report", intervalMs: 2_000, dropped: 9 }] });
  at(4);
  assert.deepEqual(loads.drops(), [{ service: "report", from: locality("dc-a"), dropped: 9 }]);
  assert.deepEqual([...loads.totals()], [{ service: "report", from: "dc-a", to: "", ok: 0, error: 0, dropped: 9 }]);
});

test("totals go on counting when the window has moved on", () => {
  const { loads, at, reporter } = setUp();
  const edge = reporter("a", "dc-a/z1");
  for (const second of [2, 40, 80]) {
    at(second);
    edge.report(saying({ report: { "dc-b/z1": { issued: 5, ok: 4, error: 1 }, "dc-b/z2": { issued: 1, ok: 1 } } }));
  }
  assert.deepEqual(
    [...loads.totals()],
    [{ service: "report", from: "dc-a", to: "dc-b", ok: 15, error: 3, dropped: 0 }],
  );
});

test("clusters that are no service are passed over, and a service that is gone is forgotten", () => {
  const services = new Set(["report"]);
  const { loads, at, reporter } = setUp(services);
  const edge = reporter("a", "dc-a");
  at(2);
  edge.report(saying({ xds: { "": { issued: 1 } }, report: { "dc-a": { issued: 1, ok: 1 } } }));
  at(4);
  assert.deepEqual(new Set(loads.observed().map(({ service }) => service)), new Set(["report"]));
  services.delete("report");
  at(20);
  edge.report(saying({}));
  assert.deepEqual([loads.observed(), [...loads.totals()]], [[], []]);
});

test("a client that does not measure its interval is taken to report since it did last", () => {
  const { loads, at, reporter } = setUp();
  const edge = reporter("a", "dc-a");
  at(10);
  edge.report(saying({}));
  at(16);
  edge.report({
    rows: [{ ...rowOf("report", { reported: { issued: 60, ok: 60 } }), intervalMs: undefined }],
    drops: [],
  });
  at(14);
  assert.equal(loads.observed()[0]?.requests, 20, "10 a second, and seconds 10 and 11 are in the window");
});

test("a longer interval moves the window back by as much", () => {
  const { loads, at, reporter } = setUp();
  loads.setInterval(8_000);
  assert.equal(loads.lagMs(), 8_000);
  at(8);
  reporter("a", "dc-a").report(saying({ report: { "dc-a": { issued: 80, ok: 80 } } }, 8_000));
  at(16);
  assert.equal(loads.observed()[0]?.requests, 80);
  at(25);
  assert.equal(loads.observed()[0]?.requests, 10);
});

test("who reports is told, with how long ago", () => {
  const { loads, at, reporter } = setUp();
  const edge = reporter("edge-1", "dc-a");
  assert.deepEqual(loads.clients(), [{ nodeId: "edge-1", ageMs: undefined }]);
  at(2);
  edge.report(saying({}));
  at(5);
  assert.deepEqual(loads.clients(), [{ nodeId: "edge-1", ageMs: 3_000 }]);
  edge[Symbol.dispose]();
  assert.deepEqual(loads.clients(), []);
});

test("a client that makes up places and endpoints gets no more room than there is, and others keep theirs", () => {
  const { loads, at, reporter } = setUp();
  const honest = reporter("honest", "dc-a");
  const liar = reporter("liar", "dc-x");
  const fine = saying({ report: { "dc-a": { issued: 2, ok: 2 } } });
  const made = Array.from({ length: 3_000 }, (_, index) => ({
    ...rowOf("report", { to: `dc-${index}`, reported: { issued: 1, ok: 1 } }),
    endpoints: [{ address: `10.0.0.1:${index}`, reported: counted({ issued: 1 }) }],
  }));
  at(2);
  assert.equal(honest.report(fine), 0);
  const leftOut = liar.report({ rows: made, drops: [] });
  const { pairsPerService, endpointsPerService } = loadLimits;
  assert.equal(leftOut, made.length - (pairsPerService - 1) + (made.length - endpointsPerService));
  at(4);
  assert.equal(honest.report(fine), 0);
  assert.equal(loads.observed().length, pairsPerService);
  assert.equal(loads.endpoints("report").length, endpointsPerService);

  liar[Symbol.dispose]();
  at(60);
  honest.report(fine);
  at(62);
  assert.equal(loads.observed().length, 1, "what nobody reports any more makes room");
});

test("regions that nobody has room for are counted as other", () => {
  const many = new Set(Array.from({ length: 30 }, (_, index) => `service-${index}`));
  const { loads, at, reporter } = setUp(many);
  at(2);
  for (const service of many) {
    const rows = Array.from({ length: 999 }, (_, index) =>
      rowOf(service, { to: `dc-${index}`, reported: { issued: 1, ok: 1 } }),
    );
    reporter(service, "dc-x").report({ rows, drops: [] });
  }
  const totals = [...loads.totals()];
  const others = totals.filter(({ from }) => from === "other");
  assert.equal(totals.length, loadLimits.totals + others.length);
  assert.ok(others.length > 0 && others.length <= many.size);
  assert.equal(
    totals.reduce((sum, { ok }) => sum + ok, 0),
    30 * 999,
    "nothing is lost",
  );
});

function setUp(services: ReadonlySet<string> = new Set(["report", "billing"])) {
  let nowMs = 0;
  const serviceOf = (cluster: string) =>
    [...services].find((name) => name === cluster || cluster.startsWith(`${name}|`));
  const loads = createLoads({ now: () => nowMs, serviceOf });
  return {
    loads,
    at(second: number) {
      nowMs = second * 1000;
    },
    reporter: (nodeId: string, from: string) => loads.reporter({ nodeId, from: locality(from) }),
  };
}

function locality(text: string): Locality {
  const [region = "", zone = "", subZone = ""] = text.split("/");
  return { region, zone, subZone };
}

function counted({ issued = 0, ok = 0, error = 0, inProgress = 0 }: Partial<Reported>): Reported {
  return { issued, ok, error, inProgress };
}

function rowOf(
  cluster: string,
  {
    to = "dc-a",
    priority = 0,
    reported = {},
  }: { readonly to?: string; readonly priority?: number; readonly reported?: Partial<Reported> },
): LoadRow {
  return { cluster, intervalMs: 2_000, to: locality(to), priority, reported: counted(reported), endpoints: [] };
}

/** What a client says of the last two seconds, by cluster and locality. */
function saying(
  clusters: Readonly<Record<string, Readonly<Record<string, Partial<Reported>>>>>,
  intervalMs = 2_000,
): LoadReport {
  const rows = Object.entries(clusters).flatMap(([cluster, localities]) =>
    Object.entries(localities).map(([to, reported]) => ({ ...rowOf(cluster, { to, reported }), intervalMs })),
  );
  return { rows, drops: [] };
}

function shown(loads: readonly ObservedLoad[]): readonly string[] {
  return loads.map(
    ({ service, from, to, priority, requests, ok, error }) =>
      `${service} ${localityText(from)} -> ${localityText(to)} P${priority}: ${requests} requests, ${ok} ok, ${error} error`,
  );
}
