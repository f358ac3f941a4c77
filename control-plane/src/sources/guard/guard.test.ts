import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoint } from "../testing.ts";
import type { Guard } from "./guard.ts";
import { converse, instance, instances } from "./testing.ts";

const six = instances("dc-a", 1, 6);
const heldOf = ({ feeds }: Guard) => [...feeds.values()].flatMap(({ held }) => [...held.keys()]);

test("what was not there before is believed at once", () => {
  const talk = converse(["dc-a"]);
  assert.deepEqual(talk.says("dc-a", six), []);
  assert.equal(talk.count(), 6);
  talk.says("dc-a", instances("dc-a", 1, 12));
  assert.equal(talk.count(), 12);
});

test("a feed that is believed in all is the very list that its source gave", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  const state = talk.guard().believed.get("consul/dc-a")?.state;
  assert.ok(state?.kind === "current" && state.endpoints === six);
});

test("one of several that goes is believed at once, and so is the only one of a data center", () => {
  const talk = converse(["dc-a", "dc-b"]);
  talk.says("dc-a", six);
  talk.says("dc-b", [instance("dc-b", 1)]);
  talk.says("dc-a", six.slice(1));
  assert.equal(talk.count(), 6);
  assert.deepEqual(talk.says("dc-b", []), []);
  assert.equal(talk.count(), 5);
});

test("all of a service that go at once stay, and that is told", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  const [note, ...more] = talk.says("dc-a", []);
  assert.deepEqual(more, []);
  assert.ok(note?.kind === "guard-held" && note.why === "last" && note.addresses.length === 6);
  assert.equal(talk.count(), 6);
  assert.deepEqual(talk.waits(1_000), [], "it is told once");
});

test("the last one of a service stays, even alone", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", [instance("dc-a", 1)]);
  talk.says("dc-a", []);
  assert.equal(talk.count(), 1);
});

test("more than half of a service that goes at once stays, half of it goes", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", six.slice(0, 3));
  assert.equal(talk.count(), 3);
  const other = converse(["dc-a"]);
  other.says("dc-a", six);
  other.says("dc-a", six.slice(0, 2));
  assert.equal(other.count(), 6);
});

test("losses one after another add up: the fourth of six and all after it stay", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  for (const left of [5, 4, 3, 2, 1, 0]) {
    talk.says("dc-a", six.slice(0, left));
    assert.equal(talk.count(), Math.max(3, left));
    talk.waits(10);
  }
});

test("losses that are far apart do not add up", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  for (const left of [5, 4, 3, 2, 1]) {
    talk.waits(60_001);
    talk.says("dc-a", six.slice(0, left));
    assert.equal(talk.count(), left);
  }
  talk.waits(60_001);
  talk.says("dc-a", []);
  assert.equal(talk.count(), 1);
});

test("a rolling restart under new addresses is believed, however fast", () => {
  const talk = converse(["dc-a"]);
  const ten = instances("dc-a", 1, 10);
  const later = instances("dc-a", 101, 110);
  talk.says("dc-a", ten);
  for (let index = 0; index < 10; index++) {
    talk.says("dc-a", [...ten.slice(index), ...later.slice(0, index + 1)]);
    talk.says("dc-a", [...ten.slice(index + 1), ...later.slice(0, index + 1)]);
    assert.equal(talk.count(), 10);
  }
});

test("a whole data center that goes stays, though it is a small part of the service", () => {
  const talk = converse(["dc-a", "dc-b"]);
  talk.says("dc-a", instances("dc-a", 1, 20));
  talk.says("dc-b", instances("dc-b", 1, 4));
  const [note] = talk.says("dc-b", []);
  assert.ok(note?.kind === "guard-held" && note.why === "data-center");
  assert.equal(talk.count(), 24);
  talk.says("dc-a", instances("dc-a", 2, 20));
  assert.equal(talk.count(), 23, "another data center is not kept from small changes");
});

test("what is held back goes once its source has repeated it for the hold time", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", []);
  assert.equal(talk.guard().nextMs, talk.nowMs() + 60_000, "it says when to ask again");
  talk.waits(59_999);
  assert.equal(talk.count(), 6);
  const [note] = talk.waits(1);
  assert.ok(note?.kind === "guard-let-go" && !note.confirmed && note.heldMs === 60_000);
  assert.equal(talk.count(), 0);
  assert.equal(talk.guard().nextMs, undefined);
});

test("a source that cannot be seen meanwhile has not repeated it: the time begins anew when it is seen again", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", []);
  talk.waits(59_000);
  talk.falls("dc-a");
  talk.waits(600_000);
  assert.equal(talk.count(), 6);
  talk.says("dc-a", []);
  talk.waits(59_999);
  assert.equal(talk.count(), 6);
  talk.waits(1);
  assert.equal(talk.count(), 0);
});

test("a source whose data was lost is not believed by repeating it, until it has come up to where it was", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  const rewound = { lagMs: 0, confirmed: true, rewound: { from: 10, to: 7 } };
  talk.says("dc-a", [], { evidence: rewound });
  talk.waits(3_600_000);
  assert.equal(talk.count(), 6);
  talk.says("dc-a", [], { evidence: { lagMs: 0, confirmed: true } });
  talk.waits(60_000);
  assert.equal(talk.count(), 0);
});

test("an operator who confirms it lets it go at once, and what is left is the new measure", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", six.slice(0, 2));
  const [note] = talk.confirms();
  assert.ok(note?.kind === "guard-let-go" && note.confirmed);
  assert.equal(talk.count(), 2);
  talk.says("dc-a", six.slice(0, 1));
  assert.equal(talk.count(), 1);
});

test("those that are named again are held back no longer, the others still are", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", []);
  for (const back of [1, 2, 3, 4, 5]) {
    const [note] = talk.says("dc-a", six.slice(0, back));
    assert.equal(note?.kind, "guard-taken-back");
    assert.equal(talk.count(), 6, `an agent that has registered ${back} of its 6 again has not lost the others`);
  }
  talk.says("dc-a", six);
  assert.deepEqual(heldOf(talk.guard()), []);
});

test("an instance that comes back under another id at its address was never lost", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", [instance("dc-a", 1)]);
  const again = { ...endpoint("10.0.0.9:1"), ...instance("dc-a", 1), id: endpoint("10.9.9.9:1").id };
  assert.deepEqual(talk.says("dc-a", [again]), []);
  const state = talk.guard().believed.get("consul/dc-a")?.state;
  assert.ok(state?.kind === "current" && state.endpoints[0] === again);
});

test("crashed instances that come back under their ids on other ports have moved: the old addresses go at once", () => {
  const talk = converse(["dc-a"]);
  const named = six.map((each, index) => ({ ...each, id: endpoint(`10.9.9.${index + 1}:1`).id }));
  const moved = named.map((each) => ({ ...each, address: { ...each.address, port: 9191 } }));
  talk.says("dc-a", named);
  talk.says("dc-a", []);
  assert.equal(talk.count(), 6);
  const [note] = talk.says("dc-a", moved.slice(0, 2));
  assert.ok(note?.kind === "guard-taken-back" && note.addresses.length === 2);
  assert.equal(talk.count(), 6, "two at their new addresses, four of the old ones");
  talk.says("dc-a", moved);
  assert.ok(talk.believed().every((address) => address.endsWith(":9191")));
  talk.says("dc-a", named);
  assert.ok(
    talk.believed().every((address) => address.endsWith(":9090")),
    "also at once",
  );
});

test("a loss that as many others have made up for is believed after a quarter of the hold time", () => {
  const talk = converse(["dc-a", "dc-b"]);
  talk.says("dc-a", six);
  talk.says("dc-b", instances("dc-b", 1, 6));
  talk.says("dc-a", []);
  talk.waits(5_000);
  talk.says("dc-a", instances("dc-a", 101, 105));
  talk.waits(40_000);
  assert.equal(talk.count(), 17, "one too few");
  talk.says("dc-a", instances("dc-a", 101, 106));
  assert.equal(talk.count(), 12);
});

test("all that turn failing are failing: bad health is no loss", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  assert.deepEqual(
    talk.says(
      "dc-a",
      six.map((each) => ({ ...each, health: "failing" as const })),
    ),
    [],
  );
  assert.deepEqual([...new Set(talk.healths())], ["failing"]);
});

test("what was drained first goes at once, all of it", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says(
    "dc-a",
    six.map((each) => ({ ...each, health: "draining" as const })),
  );
  talk.says("dc-a", []);
  assert.equal(talk.count(), 0);
});

test("what was taken out by itself or by an operator goes at once, all of it", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", [], { withdrawn: six.map(({ id }) => id) });
  assert.equal(talk.count(), 0);
});

test("ten times as many at once are not served before the source has repeated it", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  const [note] = talk.says("dc-a", instances("dc-a", 1, 60));
  assert.ok(note?.kind === "guard-held" && note.change === "new" && note.addresses.length === 54);
  assert.equal(talk.count(), 6);
  talk.waits(60_000);
  assert.equal(talk.count(), 60);
});

test("a growth that is taken back leaves nothing behind", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", six);
  talk.says("dc-a", instances("dc-a", 1, 100));
  talk.says("dc-a", six);
  assert.deepEqual(heldOf(talk.guard()), []);
  talk.waits(60_000);
  assert.equal(talk.count(), 6);
});

test("a small service may start its second batch at once", () => {
  const talk = converse(["dc-a"]);
  talk.says("dc-a", [instance("dc-a", 1)]);
  talk.says("dc-a", instances("dc-a", 1, 20));
  assert.equal(talk.count(), 20);
});

test("the first answer after a start is measured against what was saved", () => {
  const talk = converse(["dc-a"], {}, { "dc-a": six });
  const [note] = talk.says("dc-a", []);
  assert.equal(note?.kind, "guard-held");
  assert.equal(talk.count(), 6);
});

test("addresses that no client may be sent to are left out, each is told of once, with what to do", () => {
  const talk = converse(["dc-a"]);
  const bad = endpoint("169.254.169.254:80");
  const notes = talk.says("dc-a", [...six, bad]);
  assert.deepEqual(
    notes.map((note) => note.kind === "endpoint-refused" && note.says),
    [
      "169.254.169.254:80 is a cloud's metadata service: no client is sent there; correct it at its source, or allow it with guard.allow (a range like 169.254.169.254/32)",
    ],
  );
  assert.equal(talk.count(), 6);
  assert.deepEqual(talk.says("dc-a", [...six.slice(1), bad]), []);
});

test("an endpoint that flaps ten times a second is soon one change in ten seconds", () => {
  const talk = converse(["dc-a"], { flapMs: 10_000 });
  talk.says("dc-a", six);
  const perSecond: number[] = [];
  let before = talk.count();
  for (let second = 0; second < 60; second++) {
    let changes = 0;
    for (let tick = 0; tick < 10; tick++) {
      talk.waits(100);
      talk.says("dc-a", tick % 2 === 0 ? six.slice(1) : six);
      if (talk.count() !== before) changes++;
      before = talk.count();
    }
    perSecond.push(changes);
  }
  const total = perSecond.reduce((sum, each) => sum + each, 0);
  assert.ok(total < 25, `${total} changes in a minute: ${perSecond.join(" ")}`);
  assert.ok(perSecond.slice(2).every((each) => each < 5));
  talk.says("dc-a", six);
  talk.waits(10_000);
  assert.equal(talk.count(), 6, "the last word counts in the end");
});

test("a few changes in a row are believed each at once", () => {
  const talk = converse(["dc-a"], { flapMs: 10_000 });
  talk.says("dc-a", six);
  for (const count of [5, 6, 5, 6, 5]) {
    talk.says("dc-a", six.slice(0, count));
    assert.equal(talk.count(), count);
    talk.waits(100);
  }
});

test("without a hold time everything is believed", () => {
  const talk = converse(["dc-a"], { holdMs: 0 });
  talk.says("dc-a", six);
  talk.says("dc-a", []);
  assert.equal(talk.count(), 0);
});
