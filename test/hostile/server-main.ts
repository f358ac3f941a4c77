// An xDS server to be attacked, in a process of its own so that its memory can be measured:
//   node --expose-gc test/hostile/server-main.ts '{"host":"127.0.0.1","clusters":10,"endpoints":10,"ackTimeoutMs":45000,"limits":{}}'
// Prints one JSON line when ready. GET /bump changes cluster 0, /bumps?ms=N a thousand times a second; /stats collects garbage and tells memory, CPU and notes.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createXdsServer } from "../../control-plane/src/xds-server.ts";
import { bumped, madeUpWorld } from "../load/made-up-world.ts";
import type { ServerOptions, ServerStats } from "./server.ts";

const { host, clusters, endpoints, ackTimeoutMs, limits }: ServerOptions = JSON.parse(process.argv[2] ?? "{}");
const counts = new Map<string, number>();
const last = new Map<string, Readonly<Record<string, unknown>>>();
let world = madeUpWorld(clusters, endpoints);
const slow: string[] = [];
let bumps = 0;

const server = await createXdsServer({
  listen: { host, port: 0 },
  viewer: () => "all",
  ...{ limits, ackTimeoutMs },
  observe(note) {
    if (note.kind === "client-slow") slow.push(note.nodeId);
    counts.set(note.kind, (counts.get(note.kind) ?? 0) + ("count" in note ? note.count : 1));
    last.set(note.kind, {
      ...note,
      ...("cause" in note && note.cause instanceof Error && { cause: note.cause.stack }),
    });
  },
});
server.set("all", world);

const http = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/bump") bump();
  if (pathname === "/bumps") bumpFor(Number(searchParams.get("ms")));
  // Its own connections would be counted as the attacker's.
  response.setHeader("connection", "close");
  response.end(JSON.stringify(pathname === "/stats" ? stats() : {}));
});
await once(http.listen(0, "127.0.0.1"), "listening");
const { port } = http.address() as AddressInfo;
console.log(JSON.stringify({ ready: true, xds: server.port, http: port }));

function bump(): void {
  bumps += 1;
  world = bumped(world, 0, bumps);
  server.set("all", world);
}

/** A thousand a second: a timer that comes late makes up for it. */
function bumpFor(ms: number): void {
  const began = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = Math.min(ms, performance.now() - began);
    for (; made < due; made += 1) bump();
    if (made >= ms) clearInterval(timer);
  }, 1);
}

function stats(): ServerStats {
  // Any other leaves tens of megabytes of V8's empty pages in place, which say nothing about what is held.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    rssBytes: rss,
    // `external` holds the array buffers too.
    heldBytes: heapUsed + external,
    cpuMs: (user + system) / 1_000,
    bumps,
    sockets: process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length,
    clients: server.clients.list().length,
    counts: Object.fromEntries(counts),
    slow,
    last: Object.fromEntries(last),
  };
}
