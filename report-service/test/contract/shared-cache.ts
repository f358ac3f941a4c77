import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../test/kit/wait.ts";
import type { SharedCache } from "../../src/ports/cache.ts";

/** An empty cache of the provider under test. */
export type CachePlace = {
  /** One server's connection. */
  connect(): Promise<SharedCache>;
} & AsyncDisposable;

const within = { within: 10_000, everyMs: 5 };

/** What every provider of `SharedCache` must do. */
export function provesSharedCache(name: string, open: () => Promise<CachePlace>): void {
  test(`${name}: what one server puts every server gets`, async () => {
    await using place = await open();
    const [one, two] = [await place.connect(), await place.connect()];
    assert.equal(await two.get("a"), undefined);
    await one.put("a", '{"name":"ä€𝄞"}', 60_000);
    assert.equal(await two.get("a"), '{"name":"ä€𝄞"}');
    assert.equal(await two.get("b"), undefined);
  });

  test(`${name}: what any server forgets nobody gets, and it does not come back by who has read it before`, async () => {
    await using place = await open();
    const [one, two] = [await place.connect(), await place.connect()];
    await one.put("a", "text", 60_000);
    await two.forget(["a", "b"]);
    assert.equal(await one.get("a"), undefined);
    await one.put("a", "text", 60_000);
    await one.put("b", "text", 60_000);
    assert.deepEqual([await one.get("a"), await two.get("a"), await two.get("b")], [undefined, undefined, undefined]);
  });

  test(`${name}: other servers are told what one forgets, until they no longer listen`, async () => {
    await using place = await open();
    const [one, two] = [await place.connect(), await place.connect()];
    const [heard, left]: [string[], string[]] = [[], []];
    const listening = two.onForget((key) => heard.push(key));
    const leaving = two.onForget((key) => left.push(key));
    // It may take a moment until it listens.
    const heardOf = async (key: string) => {
      await one.forget([key]);
      return heard.includes(key) && left.includes(key);
    };
    await until(() => heardOf("first"), { ...within, what: "it hears" });
    leaving[Symbol.dispose]();
    left.length = 0;
    await one.forget(["a", "b"]);
    await until(() => heard.includes("a") && heard.includes("b"), { ...within, what: "it hears the next" });
    assert.deepEqual(left, []);
    listening[Symbol.dispose]();
  });
}
