// node translate-main.ts ROOT SERVICES ENDPOINTS REPEAT: measures how the sources at ROOT, which may be an older version of
// these, make the resources of a viewer; prints one JSON line.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { createLatest } from "../../control-plane/src/lib/latest.ts";
import type { ServiceName } from "../../control-plane/src/model/names.ts";
import type { Service, ServiceSpec } from "../../control-plane/src/model/service.ts";
import type { Viewer } from "../../control-plane/src/model/viewer.ts";
import type { World } from "../../control-plane/src/model/world.ts";
import type { buildBook } from "../../control-plane/src/policy/documents/book.ts";
import type { parseDocument } from "../../control-plane/src/policy/documents/parse-document.ts";
import type { worldParts } from "../../control-plane/src/policy/world-parts.ts";
import type { createSnapshots } from "../../control-plane/src/snapshot/snapshots.ts";
import type { createTranslate } from "../../control-plane/src/translate/translate.ts";
import { servicesToTranslate } from "./translate-documents.ts";
import type { TranslationFigures } from "./translate-figures.ts";

const [root = "", services = "1000", endpoints = "20", repeat = "5"] = process.argv.slice(2);
const from = (path: string) => import(pathToFileURL(join(root, "control-plane/src", path)).href);

// What every version since the first has had under these names.
type Sources = {
  readonly buildBook: typeof buildBook;
  readonly parseDocument: typeof parseDocument;
  readonly worldParts: typeof worldParts;
  readonly createTranslate: typeof createTranslate;
  readonly createSnapshots: typeof createSnapshots;
  readonly createLatest: typeof createLatest;
};
const modules = ["policy/documents/book", "policy/documents/parse-document", "policy/world-parts"];
const stages = ["translate/translate", "snapshot/snapshots", "lib/latest"];
const sources = Object.assign({}, ...(await Promise.all([...modules, ...stages].map((name) => from(`${name}.ts`)))));
const { buildBook: build, parseDocument: parse, worldParts: parts, ...made }: Sources = sources;

const documents = servicesToTranslate(Number(services), Number(endpoints)).map((document) => {
  const result = parse(document);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
});
const empty = { revision: 0, services: new Map(), splits: new Map(), policies: [], routes: [] };
const book = build(empty, documents, { revision: 1 });
if (!book.ok) throw new Error(JSON.stringify(book.problems));

const edge = (region: string): Viewer => ({
  flavour: "envoy",
  role: "edge",
  locality: { region, zone: "z1", subZone: "" },
  listen: { host: "127.0.0.1", port: 10_000 },
});

const rounds: TranslationFigures[] = [];
for (let round = 0; round <= Number(repeat); round += 1) {
  const figures = await measure();
  // The first is compiled while it runs.
  if (round > 0) rounds.push(figures);
}
console.log(JSON.stringify(rounds));

async function measure(): Promise<TranslationFigures> {
  let world = worldOfNew();
  const snapshots = made.createSnapshots({
    translate: made.createTranslate(),
    published: made.createLatest<World>(),
    observe(note) {
      if (note.kind === "withheld") throw note.cause;
    },
  });
  snapshots.publish(world);
  const first = await lease(snapshots, edge("dc-a"));
  const second = await lease(snapshots, edge("dc-b"));
  second.end();
  const changes = 100;
  const before = threadMs();
  for (let change = 0; change < changes; change += 1) {
    world = withOneChanged(world, change);
    snapshots.publish(world);
    while (snapshots.published.current() !== world) await new Promise((resolve) => setImmediate(resolve));
  }
  const changeCpuMs = (threadMs() - before) / changes;
  return {
    newViewerCpuMs: first.cpuMs,
    longestTurnMs: first.longestTurnMs,
    nextViewerCpuMs: second.cpuMs,
    nextLongestTurnMs: second.longestTurnMs,
    changeCpuMs,
  };
}

/** Nothing of it was seen before: no object is one that something is remembered by. */
function worldOfNew(): World {
  if (!book.ok) throw new Error("checked above");
  const catalog = new Map([...book.value.services].map(([name, spec]) => [name, serviceOf({ ...spec })]));
  return { revision: 1, catalog, ...parts(book.value, new Date()), ...sinceIssueSix() };
}

/** What is in a world from elsewhere than the documents; older versions do not look at it. */
function sinceIssueSix(): Pick<World, "held" | "distances"> {
  return { held: new Map(), distances: new Map() };
}

function serviceOf(spec: ServiceSpec): Service {
  const endpoints = spec.origins.flatMap((origin) => (origin.kind === "static" ? origin.endpoints : []));
  return { spec, endpoints: endpoints.map((each) => ({ ...each })) };
}

function withOneChanged(world: World, change: number): World {
  const name = [...world.catalog.keys()][(change * 7) % world.catalog.size] as ServiceName;
  const service = world.catalog.get(name);
  if (service === undefined) throw new Error(`there is no ${name}`);
  const endpoints = service.endpoints.map((each, index) => (index === 0 ? { ...each, weight: 1 + change } : each));
  return {
    ...world,
    revision: world.revision + 1,
    catalog: new Map(world.catalog).set(name, { ...service, endpoints }),
  };
}

async function lease(snapshots: ReturnType<typeof createSnapshots>, viewer: Viewer) {
  const began = threadMs();
  const held = snapshots.lease(viewer, () => {});
  let turn = threadMs();
  let longestTurnMs = turn - began;
  while (held.current() === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = threadMs();
    longestTurnMs = Math.max(longestTurnMs, now - turn);
    turn = now;
  }
  return { cpuMs: turn - began, longestTurnMs, end: () => held[Symbol.dispose]() };
}

/** Processor time of this thread, to the nanosecond; what Node tells of itself goes by ticks of 4 ms on many kernels. */
function threadMs(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
}
