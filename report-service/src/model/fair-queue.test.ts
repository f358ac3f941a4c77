import assert from "node:assert/strict";
import { test } from "node:test";
import { passAfter, passOnArrival, prioritiesOf } from "./fair-queue.ts";

test("of ten claims seven look at interactive reports first, two at standard ones, one at bulk", () => {
  const first = Array.from({ length: 10 }, (_, turn) => prioritiesOf(turn)[0]);
  const count = (priority: string) => first.filter((one) => one === priority).length;
  assert.deepEqual([count("interactive"), count("standard"), count("bulk")], [7, 2, 1]);
  assert.deepEqual(prioritiesOf(9), ["bulk", "interactive", "standard"]);
});

test("a tenant of weight 3 is served three times as often as one of weight 1", () => {
  const served = serve({ a: 3, b: 1 }, 40);
  assert.equal(served.filter((one) => one === "a").length, 30);
});

test("a tenant that comes back after each report gains nothing over one that keeps waiting", () => {
  let waiting = 0;
  let visiting = passOnArrival(waiting);
  const served = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const visitor = visiting < waiting;
    served.push(visitor);
    if (visitor) visiting = passOnArrival(visiting);
    else waiting = passAfter(waiting, { weight: 1, concurrency: 1 });
  }
  assert.ok(served.filter((visitor) => visitor).length <= 10);
});

function serve(weights: Readonly<Record<string, number>>, turns: number): readonly string[] {
  const lanes = Object.entries(weights).map(([name, weight]) => ({ name, weight, pass: 0 }));
  return Array.from({ length: turns }, () => {
    const [next] = lanes.toSorted((a, b) => a.pass - b.pass);
    assert.ok(next);
    next.pass = passAfter(next.pass, { weight: next.weight, concurrency: 1 });
    return next.name;
  });
}
