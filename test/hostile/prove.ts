import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Attack } from "./attack.ts";
import { connectHonest, isServed } from "./honest-client.ts";
import { measure } from "./measure.ts";
import { type ServerOptions, startServer } from "./server.ts";

const mostGrowthBytes = 64 * 1024 ** 2;

/**
 * That a server survives each attack, an honest client is sent its changes in the middle of it and another afterwards, and
 * memory does not grow by 64 MB, neither while the attacker stays nor when it has gone.
 */
export async function proveAll(
  t: TestContext,
  attacks: readonly Attack[],
  options: Partial<ServerOptions> = {},
): Promise<void> {
  await using server = await startServer(options);
  using honest = connectHonest(server.target);
  await isServed(honest, server);
  for (const attack of attacks) {
    await t.test(attack.name, async () => {
      const { heldRssBytes, leftRssBytes, heldBytes, leftBytes } = await measure(server, honest, attack, attack.count);
      for (const [what, grown] of Object.entries({ heldRssBytes, leftRssBytes, heldBytes, leftBytes }))
        assert.ok(grown < mostGrowthBytes, `${what}: ${(grown / 1024 ** 2).toFixed(1)} MiB`);
    });
  }
  const { counts, last } = await server.stats();
  assert.equal(counts["client-failed"], undefined, JSON.stringify(last["client-failed"]));
}
