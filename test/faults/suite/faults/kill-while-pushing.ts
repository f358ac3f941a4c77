import { setTimeout as delay } from "node:timers/promises";
import { type Background, inBackground } from "../../../kit/background.ts";
import { documentOf } from "../../../kit/documents.ts";
import { startScene } from "../../../kit/three-data-centers.ts";
import { until } from "../../../kit/wait.ts";
import type { Weir } from "../../../kit/weir.ts";
import type { Fault, Verdict } from "../fault.ts";
import { startHolder } from "../holder.ts";
import { answered, sendOn } from "../traffic.ts";

/** At least so many clients are there, and each of them holds all that it is to hold. */
async function inStep(weir: Weir, atLeast: number): Promise<boolean> {
  const { body } = await weir.api("GET", "/v1/clients:settled?within=1s");
  const { acked, of } = body as { acked: number; of: number };
  return of >= atLeast && acked === of;
}

export const killWhilePushing: Fault = {
  name: "kill-while-pushing",
  breaks: "Weir is killed at random moments while weights move",
  async run({ random, short, say }) {
    const rounds = short ? 4 : 50;
    await using scene = await startScene();
    const { weir } = scene;
    using holder = startHolder({ xds: () => weir.xds });
    await using ofEdge = sendOn(scene.throughEdge);
    await using ofProxyless = sendOn(scene.proxyless);
    await using pushing = push(weir, random.next);
    const resyncs: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const afterMs = random.between(50, 600);
      await delay(afterMs);
      await weir.kill();
      say(`round ${round}: killed after ${afterMs} ms of pushes`);
      await weir.start();
      const ready = performance.now();
      // grpc-js waits longer after each loss of a server that comes again, up to two minutes: whoever is there counts.
      await until(() => inStep(weir, 2), { within: 20_000, what: "Envoy and the holder are back, and in step" });
      resyncs.push(performance.now() - ready);
    }
    await pushing.stop();
    await until(() => inStep(weir, 3), { within: 150_000, what: "all clients are back, and in step" });
    const slowest = Math.max(...resyncs);
    const fewest = Math.min(...holder.holdings.map(({ endpoints }) => endpoints));
    const verdicts: readonly Verdict[] = [
      answered("through Envoy", await ofEdge.stop()),
      answered("proxyless", await ofProxyless.stop()),
      {
        invariant: "in step within 5 s",
        holds: slowest < 5_000,
        found: `${rounds} kills, the slowest took ${Math.round(slowest)} ms`,
      },
      {
        invariant: "nobody holds fewer endpoints",
        holds: fewest === 6,
        found: `${holder.holdings.length} assignments, of 6 the fewest: ${fewest}`,
      },
      {
        invariant: "nothing is sent that is held",
        holds: holder.resent.length === 0,
        found: `${holder.resent.length} resent ${holder.resent.slice(0, 3)}`,
      },
    ];
    return verdicts;
  },
};

/** Moves a weight about twenty times a second; who is down is asked again. */
function push(weir: Weir, next: () => number): Background<void> {
  return inBackground(async (stopped) => {
    while (!stopped()) {
      const share = Math.round(next() * 60) + 20;
      await weir.api("POST", "/v1/config:apply", splitOf(share)).catch(() => undefined);
      await delay(50);
    }
  });
}

function splitOf(share: number): object {
  const to = { "dc-a": share, "dc-b": 100 - share };
  return documentOf("TrafficSplit", "report", { service: "report", rules: [{ from: "*", to, failover: ["dc-c"] }] });
}
