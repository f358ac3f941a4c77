import assert from "node:assert/strict";
import { test } from "node:test";
import type { RateRule } from "../../src/model/gcra.ts";
import type { TenantId } from "../../src/model/names.ts";
import type { RateLimiter } from "../../src/ports/rate-limiter.ts";

/** A limiter of the provider under test, of which nobody has taken anything, with the clock that it goes by. */
export type LimiterPlace = {
  /** One server's; several share their allowances. Providers for one process answer the same one each time. */
  connect(): Promise<RateLimiter>;
  nowMs(): number;
  /** Returns once its clock has gone on by so much. */
  pass(ms: number): Promise<void>;
} & AsyncDisposable;

/** What every provider of `RateLimiter` must do. */
export function provesRateLimiter(name: string, open: (rule: RateRule) => Promise<LimiterPlace>): void {
  test(`${name}: each tenant gets its burst, and then what the rate gives`, async () => {
    await using place = await open({ perSecond: 10, burst: 3 });
    const limiter = await place.connect();
    const take = async (tenant: string) => limiter.take(tenant as TenantId, 1, place.nowMs());
    const burst = [await take("a"), await take("a"), await take("a")];
    assert.deepEqual(burst, Array(3).fill({ kind: "taken" }));
    const limited = await take("a");
    assert.ok(limited.kind === "limited" && limited.retryAfterMs > 0 && limited.retryAfterMs <= 100);
    assert.equal((await take("b")).kind, "taken");
    await place.pass(limited.retryAfterMs);
    assert.equal((await take("a")).kind, "taken");
  });

  test(`${name}: a call that costs more puts off the next ones by as much`, async () => {
    await using place = await open({ perSecond: 100, burst: 2 });
    const limiter = await place.connect();
    const take = async (cost: number) => limiter.take("a" as TenantId, cost, place.nowMs());
    assert.equal((await take(30)).kind, "taken");
    const limited = await take(1);
    assert.ok(limited.kind === "limited" && limited.retryAfterMs > 200 && limited.retryAfterMs <= 290);
    await place.pass(limited.retryAfterMs);
    assert.equal((await take(1)).kind, "taken");
  });

  test(`${name}: of many calls at once, at several servers, as many are taken as the burst has`, async () => {
    // Slow enough that none is added meanwhile.
    await using place = await open({ perSecond: 0.001, burst: 50 });
    const servers = [await place.connect(), await place.connect()];
    const calls = Array.from({ length: 100 }, (_, index) =>
      Promise.all(servers.map((server) => server.take("a" as TenantId, 1, place.nowMs() + (index % 2)))),
    );
    const taken = (await Promise.all(calls)).flat().filter(({ kind }) => kind === "taken");
    assert.equal(taken.length, 50);
  });

  test(`${name}: what was refused costs nothing`, async () => {
    await using place = await open({ perSecond: 10, burst: 1 });
    const limiter = await place.connect();
    const take = async () => limiter.take("a" as TenantId, 1, place.nowMs());
    await take();
    for (let index = 0; index < 50; index += 1) await take();
    const limited = await take();
    assert.ok(limited.kind === "taken" || limited.retryAfterMs <= 100);
  });
}
