import { rm } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../../kit/wait.ts";
import { startConsulScene } from "../consul-scene.ts";
import type { Fault } from "../fault.ts";
import { answered, sendOn } from "../traffic.ts";

type Source = { readonly source: string; readonly state: string; readonly cause?: string };

export const startBlind: Fault = {
  name: "start-blind",
  breaks: "Weir starts while no source answers",
  async run({ say }) {
    await using scene = await startConsulScene({ instances: 4 });
    const { consul, weir, throughEdge, holder, heldSince } = scene;
    const source = async () => {
      const { sources } = (await weir.api("GET", "/v1/sources")).body as { sources: readonly Source[] };
      return sources.find((each) => each.source === "consul/dc-a");
    };
    const ready = async () => (await weir.api("GET", "/readyz")).status === 200;
    await using traffic = sendOn(throughEdge);

    await weir.stop();
    await consul.stop("dc-a");
    say("Consul and Weir are stopped; Weir starts with what it saved");
    await weir.start();
    await until(ready, { within: 15_000, what: "Weir serves what it saved" });
    const saved = await source();
    const resentOfSaved = holder.resent.length;

    await weir.stop();
    await rm(join(weir.dataDir, "world.json"));
    say("Weir starts with nothing");
    const before = holder.holdings.length;
    await weir.start({ untilReady: false });
    await until(async () => (await source())?.cause !== undefined, { within: 15_000, what: "Weir has asked in vain" });
    const { status, body } = await weir.api("GET", "/readyz");
    const sentBlind = holder.holdings.length - before;

    say("Consul is back");
    await consul.start("dc-a");
    await until(ready, { within: 30_000, what: "Weir has heard of Consul" });
    await until(async () => (await source())?.state === "current", { within: 30_000, what: "it is current" });
    const { fewest } = heldSince(0);
    return [
      answered("through Envoy", await traffic.stop()),
      {
        invariant: "with a saved world: served, and said to be stale",
        holds: saved?.state === "stale" && resentOfSaved === 0,
        found: `${saved?.state}: ${saved?.cause}; ${resentOfSaved} resent`,
      },
      {
        invariant: "without: not ready, and says why",
        holds: status === 503,
        found: `${status} ${JSON.stringify(body)}`,
      },
      { invariant: "without: nothing is served", holds: sentBlind === 0, found: `${sentBlind} assignments` },
      { invariant: "nobody ever holds fewer endpoints", holds: fewest === 4, found: `${fewest} of 4` },
    ];
  },
};
