// A process that carries load: node load-main.ts '{"perSecond":50,"clients":[…]}'. Says on stdout what came of it.
import { setTimeout as delay } from "node:timers/promises";
import type { ChannelOptions } from "@grpc/grpc-js";
import type { LoadOrder } from "./load-report.ts";
import { keepPace } from "./pace.ts";
import { reachable } from "./reachable.ts";
import { createRecorder } from "./recorder.ts";
import { createReportClient } from "./report-client.ts";

const { perSecond, clients }: LoadOrder = JSON.parse(process.argv[2] ?? "");
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop.abort());

const throughEnvoy: ChannelOptions = {
  // What an Envoy finds its route by.
  "grpc.default_authority": "report",
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
};

if (clients.some(({ target }) => target.startsWith("xds:"))) {
  const { register } = await import("@grpc/grpc-js-xds");
  register();
}

const recorder = createRecorder();
const say = () => process.stdout.write(`${JSON.stringify(recorder.take())}\n`);
const saying = setInterval(say, 1_000);

await Promise.all(
  clients.map(async ({ name, target, after }) => {
    for (const address of after) await reachable(address, stop.signal);
    using client = createReportClient({
      name,
      target,
      options: target.startsWith("xds:") ? {} : throughEnvoy,
      recorder,
    });
    await keepPace(perSecond, () => client.send(), stop.signal);
    // What is in flight is answered, or counts as what it is: lost.
    for (let waited = 0; recorder.inFlight() > 0 && waited < 1_500; waited += 50) await delay(50);
  }),
);
clearInterval(saying);
say();
process.exit(0);
