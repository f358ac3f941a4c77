// A process that carries load: node load-main.ts ORDER_FILE [xds]. It loads what it needs, waits for its orders to be there,
// and says on stdout, four times a second, what came of them.
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { addAdminServicesToServer, type ChannelOptions, Server, ServerCredentials } from "@grpc/grpc-js";
import type { LoadOrder } from "./load-report.ts";
import { keepPace } from "./pace.ts";
import { reachable } from "./reachable.ts";
import { createRecorder } from "./recorder.ts";
import { createReportClient } from "./report-client.ts";

const [orderFile = "", preload] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop.abort());

const throughEnvoy: ChannelOptions = {
  // What an Envoy finds its route by.
  "grpc.default_authority": "report",
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
};

if (preload === "xds") {
  const { register } = await import("@grpc/grpc-js-xds");
  register();
}
const recorder = createRecorder();
const say = () => process.stdout.write(`${JSON.stringify(recorder.take())}\n`);
const { perSecond, clients } = await orders();
const saying = setInterval(say, 250);

await Promise.all(
  clients.map(async (client) => {
    // grpc-js-xds looks here when its first channel is made.
    if (client.kind === "proxyless") {
      process.env["GRPC_XDS_BOOTSTRAP_CONFIG"] = client.bootstrap;
      serveAdmin(client.adminPort);
    } else await reachable(client.target, stop.signal);
    const { name, target } = client;
    const options = client.kind === "proxyless" ? {} : throughEnvoy;
    using reports = createReportClient({ name, target, options, recorder });
    await keepPace(perSecond, () => reports.send(), stop.signal);
    // What is in flight is answered, or counts as what it is: lost.
    for (let waited = 0; recorder.inFlight() > 0 && waited < 1_500; waited += 50) await delay(50);
  }),
);
clearInterval(saying);
say();
process.exit(0);

/** Tells what it runs (CSDS). The load goes on without it when the port was taken meanwhile: then it cannot be asked. */
function serveAdmin(port: number): void {
  const server = new Server();
  addAdminServicesToServer(server);
  server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
    if (error) process.stderr.write(`nobody can ask this client what it runs: ${error.message}\n`);
  });
}

async function orders(): Promise<LoadOrder> {
  while (!stop.signal.aborted) {
    const text = await readFile(orderFile, "utf8").catch(() => undefined);
    if (text !== undefined) return JSON.parse(text);
    await delay(20);
  }
  return process.exit(0);
}
