import assert from "node:assert/strict";
import { test } from "node:test";
import { variants } from "./plain-client.ts";
import { startServedWorld } from "./served-world.ts";

const six = { a: "v1", b: "v1", c: "v1", d: "v1", e: "v1", f: "v1" };
const reason = "Error adding/updating listener(s) c: cannot bind '0.0.0.0:80': Address already in use";

for (const variant of variants) {
  test(`${variant}: of six listeners one is rejected: the other five are sent without it, at once`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: six });
    using stream = world.open(variant);
    stream.want("listener");
    assert.deepEqual(await stream.hears(), ["listener +a@v1 +b@v1 +c@v1 +d@v1 +e@v1 +f@v1"]);
    stream.nack("listener", reason);
    assert.deepEqual(await stream.settles(), ["listener +a@v1 +b@v1 +d@v1 +e@v1 +f@v1"]);
  });

  test(`${variant}: of six listeners that a client has one changes for the worse: it keeps what it had of it`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: six });
    using stream = world.open(variant);
    stream.want("listener");
    await stream.settles();
    world.set({ listener: { ...six, a: "v2", c: "v2" } });
    const changed = { sotw: "listener +a@v2 +b@v1 +c@v2 +d@v1 +e@v1 +f@v1", delta: "listener +a@v2 +c@v2" };
    assert.deepEqual(await stream.hears(), [changed[variant]]);
    stream.nack("listener", reason);
    const without = { sotw: "listener +a@v2 +b@v1 +c@v1 +d@v1 +e@v1 +f@v1", delta: "listener +a@v2" };
    assert.deepEqual(await stream.settles(), [without[variant]]);
  });

  test(`${variant}: while one is rejected, changes of the others are sent`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: six });
    using stream = world.open(variant);
    stream.want("listener");
    await stream.hears();
    stream.nack("listener", reason);
    await stream.settles();
    world.set({ listener: { ...six, a: "v2" } });
    const changed = { sotw: "listener +a@v2 +b@v1 +d@v1 +e@v1 +f@v1", delta: "listener +a@v2" };
    assert.deepEqual(await stream.settles(), [changed[variant]]);
  });

  test(`${variant}: while a type is rejected, the other types go on`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: { l: "v1" }, endpoints: { a: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a"]);
    stream.want("listener");
    await stream.hears();
    stream.ack("endpoints");
    stream.nack("listener", "l: cannot bind");
    world.set({ listener: { l: "v1" }, endpoints: { a: "v2" } });
    assert.deepEqual(await stream.settles(), ["endpoints +a@v2"]);
  });

  test(`${variant}: a client that does not say whom it means is sent halves, until one is left`, async () => {
    await using world = await startServedWorld();
    world.set({ endpoints: { a: "v1", b: "v1", c: "v1", d: "v1" } });
    using stream = world.open(variant);
    stream.want("endpoints", ["a", "b", "c", "d"]);
    const all: string[] = [];
    for (let came = await stream.hears(); came.length > 0; came = await stream.hears()) {
      all.push(...came);
      if (came.some((text) => text.includes("+c@"))) stream.nack("endpoints", "something is wrong");
      else stream.ack("endpoints");
    }
    assert.deepEqual(all, [
      "endpoints +a@v1 +b@v1 +c@v1 +d@v1",
      "endpoints +a@v1 +b@v1",
      "endpoints +c@v1 +d@v1",
      "endpoints +c@v1",
      "endpoints +d@v1",
    ]);
  });

  test(`${variant}: what one node rejects is sent to the others, and to those who come later`, async () => {
    await using world = await startServedWorld();
    world.set({ listener: { l: "v1" } });
    using one = world.open(variant);
    using other = world.open(variant);
    for (const stream of [one, other]) {
      stream.want("listener");
      await stream.settles();
    }
    world.set({ listener: { l: "v2" } });
    assert.deepEqual(await one.hears(), ["listener +l@v2"]);
    one.nack("listener", "l: cannot bind");
    assert.deepEqual(await one.hears(), []);
    assert.deepEqual(await other.settles(), ["listener +l@v2"]);
    using late = world.open(variant);
    late.want("listener");
    assert.deepEqual(await late.settles(), ["listener +l@v2"]);
  });
}
