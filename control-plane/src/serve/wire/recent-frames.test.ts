import assert from "node:assert/strict";
import { test } from "node:test";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { createRecentFrames } from "./recent-frames.ts";

const [a, b, c] = [{}, {}, {}];

test("what was framed before is found, as long as the same is to be said of it", () => {
  const recent = createRecentFrames();
  const first = recent.of(a, "nonce 1", () => new Framed(Buffer.from("x")));
  assert.equal(recent.of(a, "nonce 1", fails), first);
  const second = recent.of(a, "nonce 2", () => new Framed(Buffer.from("y")));
  assert.notEqual(second, first);
  assert.equal(recent.of(a, "nonce 2", fails), second);
});

test("the oldest frames go when there are too many, or too many bytes of them", () => {
  for (const limits of [{ count: 2 }, { bytes: 24 }]) {
    const recent = createRecentFrames(limits);
    for (const carried of [a, b, c]) recent.of(carried, "", () => new Framed(Buffer.from("12345")));
    assert.throws(() => recent.of(a, "", fails), /made again/);
    assert.doesNotThrow(() => recent.of(c, "", fails));
  }
});

function fails(): never {
  throw new Error("made again");
}
