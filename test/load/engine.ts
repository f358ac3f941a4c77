// An xDS server over a made-up world, for measuring the engine alone: no sources, no documents, no translation.
//   node test/load/engine.ts --clusters 1000 --endpoints 10 [--xds 127.0.0.1:0] [--http 127.0.0.1:0]
// Prints one JSON line when ready. GET /bump?cluster=K changes one endpoint's weight; GET /stats tells CPU and memory, and
// with --watch-loop (which costs) the longest that the event loop was held since it was last asked.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { weighBuffersAsHeap } from "../../control-plane/src/buffers-as-heap.ts";
import { createXdsServer } from "../../control-plane/src/xds-server.ts";
import { watchLoop } from "./loop-hold.ts";
import { bumped, madeUpWorld } from "./made-up-world.ts";

const { values } = parseArgs({
  options: {
    clusters: { type: "string", default: "100" },
    endpoints: { type: "string", default: "10" },
    xds: { type: "string", default: "127.0.0.1:0" },
    http: { type: "string", default: "127.0.0.1:0" },
    "watch-loop": { type: "boolean", default: false },
  },
});

weighBuffersAsHeap();
const bumps = new Map<number, number>();
let world = madeUpWorld(Number(values.clusters), Number(values.endpoints));
const server = await createXdsServer({ listen: addressOf(values.xds), viewer: () => "all" });
server.set("all", world);

const loop = values["watch-loop"] ? watchLoop() : undefined;

const http = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/bump") bump(Number(url.searchParams.get("cluster")));
  response.end(JSON.stringify(url.pathname === "/stats" ? stats() : {}));
});
// Longer than any phase: a connection closed just when it is used again fails the request.
http.keepAliveTimeout = 600_000;
const { host, port } = addressOf(values.http);
await once(http.listen(port, host), "listening");
const { port: httpPort } = http.address() as AddressInfo;
console.log(
  JSON.stringify({
    ready: true,
    pid: process.pid,
    xds: `${server.host}:${server.port}`,
    http: `${host}:${httpPort}`,
  }),
);

function bump(index: number): void {
  const times = (bumps.get(index) ?? 0) + 1;
  bumps.set(index, times);
  world = bumped(world, index, times);
  server.set("all", world);
}

function stats() {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
    streams: server.clients.list().length,
    heldMs: loop?.take(),
  };
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [host = "127.0.0.1", port = "0"] = text.split(":");
  return { host, port: Number(port) };
}
