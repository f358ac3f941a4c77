import assert from "node:assert/strict";
import { test } from "node:test";
import { type Coordinate, distanceMs, parseCoordinates, roundTripMs } from "./coordinates.ts";

const at = (vector: readonly number[], height = 0, adjustment = 0): Coordinate => ({ vector, height, adjustment });

test("a round trip is the distance of the vectors, both heights and both adjustments", () => {
  assert.equal(roundTripMs(at([0.003, 0]), at([0, 0.004])), 5);
  assert.ok(Math.abs(roundTripMs(at([0.003, 0], 0.001), at([0, 0.004], 0.002, 0.0005)) - 8.5) < 1e-9);
});

test("adjustments that would make it negative are left out", () => {
  assert.equal(roundTripMs(at([0.001]), at([0.002], 0, -0.5)), 1);
});

test("between data centers it is the median of their servers; without coordinates or across areas it is unknown", () => {
  const dc = (name: string, area: string, ...servers: readonly Coordinate[]) => ({ datacenter: name, area, servers });
  const [a, b] = [dc("dc-a", "wan", at([0])), dc("dc-b", "wan", at([0.01]), at([0.012]), at([0.3]))];
  assert.equal(distanceMs(a, b), 12);
  assert.equal(distanceMs(a, dc("dc-c", "wan")), undefined);
  assert.equal(distanceMs(a, dc("dc-d", "other", at([1]))), undefined);
});

test("what Consul answers is read, whatever else is in it", () => {
  const coordinate = { Adjustment: 0.0002, Error: 1.5, Height: 0.00001, Vec: [0.01, 0, 0, 0, 0, 0, 0, 0] };
  const text = JSON.stringify([
    { Datacenter: "dc-a", AreaID: "wan", Coordinates: [{ Node: "server-0.dc-a", Coord: coordinate }] },
    { Datacenter: "dc-b", AreaID: "wan", Coordinates: null },
  ]);
  const [a, b] = parseCoordinates(text);
  assert.equal(a?.servers[0]?.vector.length, 8);
  assert.deepEqual(b?.servers, []);
  assert.deepEqual(parseCoordinates("null"), []);
  assert.throws(() => parseCoordinates("{}"));
});
