import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { sealStores } from "../../src/vault/sealed-stores.ts";
import { createVault } from "../../src/vault/vault.ts";
import { cancel, claimant, create, never, type OpenPlace, report } from "./place.ts";

/** As `open`, with every report's parameters encrypted by a key that all servers of the place have. */
export function sealed(open: OpenPlace): OpenPlace {
  return async () => {
    const place = await open();
    const vault = createVault([{ id: "key", key: createSecretKey(randomBytes(32)) }]);
    return {
      connect: async () => sealStores(await place.connect(), vault, "all"),
      [Symbol.asyncDispose]: place[Symbol.asyncDispose],
    };
  };
}

/** What a provider must keep of reports that it cannot read. */
export function provesSealing(name: string, open: OpenPlace): void {
  test(`${name}: sealed parameters are opened for whoever has the key, and the store has nothing of them`, async () => {
    await using stack = new AsyncDisposableStack();
    const place = stack.use(await open());
    const withoutKey = stack.use(await place.connect());
    const withKey = await sealed(async () => place)();
    const one = stack.use(await withKey.connect());

    const parameters = { account: "top secret" };
    const [a, b] = [report("a", 1, { parameters, contentKey: "k" }), report("b", 2, { parameters, contentKey: "k" })];
    await create(one.reports, a, { reuseSinceMs: 0 });
    const reused = await create(one.reports, b, { reuseSinceMs: 0 });
    assert.deepEqual(reused.kind === "reused" && reused.report.parameters, parameters);
    const [claimed] = await one.queue.claim(claimant, 1, 10);
    assert.deepEqual(claimed?.parameters, parameters);
    const changed = await one.reports.change(a, cancel, 20);
    assert.deepEqual(changed?.report.parameters, parameters);
    for await (const event of one.reports.follow(a, 0, never)) assert.deepEqual(event.report.parameters, parameters);

    // From before it was asked to encrypt.
    await create(withoutKey.reports, report("c", 3, { parameters }));
    assert.deepEqual((await one.reports.read(report("c", 3)))?.parameters, parameters);

    const stored = [await withoutKey.reports.read(a)];
    for await (const event of withoutKey.reports.follow(a, 0, never)) stored.push(event.report);
    assert.ok(stored.length > 1);
    for (const each of stored) {
      assert.ok(each?.sealed);
      assert.doesNotMatch(JSON.stringify(each), /account|top secret/);
    }
  });
}
