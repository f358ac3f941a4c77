import type { Http2Session, Http2Stream } from "node:http2";
import { Duplex, type DuplexOptions } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { types } from "node:util";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { onServerSession } from "@weir/proto/grpc/server-sessions.ts";

let done: Promise<void> | undefined;

/**
 * Lets what ended calls leave behind be collected with the young generation, in all servers of this process; takes some
 * 50 ms, once. Node 24 keeps nearly all of it until the next full collection, so that scavenges take 25 ms instead of 3:
 * V8 allocates parts of each stream in the old generation, and old tables of open streams, themselves garbage, hold the
 * streams that were open when they were replaced. How it was found and measured: docs/decisions/0030-calls-die-young.md.
 */
export function letCallsDieYoung(): Promise<void> {
  done ??= start();
  return done;
}

async function start(): Promise<void> {
  setFlagsFromString("--no-allocation-site-pretenuring");
  onServerSession(replaceTables);
  await optimizeStreams();
}

// Node sets onwrite of each WritableState to a function literal. Until TurboFan compiles that, V8 allocates such functions
// in the old generation, and each holds its stream.
const batch = 1_000;
const mostBatches = 200;

// So many shapes, and streams that were used before, that TurboFan assumes nothing which the streams of calls are not like.
const shapes: readonly (DuplexOptions | undefined)[] = [
  { allowHalfOpen: true, decodeStrings: false, autoDestroy: false },
  { objectMode: true },
  { emitClose: false },
  { highWaterMark: 16 },
  { defaultEncoding: "latin1" },
  { autoDestroy: false },
  undefined,
];

async function optimizeStreams(): Promise<void> {
  for (const shape of shapes) {
    const used = new Duplex({ ...shape, read: () => undefined, write: (_chunk, _encoding, done) => done() });
    used.cork();
    used.write("a");
    used.write("b");
    used.uncork();
    used.end();
    used.destroy();
  }
  for (let count = 0; count < mostBatches; count += 1) {
    const before = oldBytes();
    for (let made = 0; made < batch; made += 1) new Duplex(shapes[made % shapes.length]);
    const after = oldBytes();
    // A collection in between moves others there.
    if (after >= before && after - before < batch) return;
    await turn();
  }
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0;
}

function replaceTables(session: Http2Session): void {
  const state = stateOf(session);
  // Private to Node: what looks otherwise stays as it is, and only takes longer to collect.
  if (!types.isMap(state?.streams) || !types.isSet(state.pendingStreams)) return;
  const [streams, pendingStreams] = [new BoxedStreams(), new FewStreams()];
  for (const [id, stream] of state.streams as Map<number, Http2Stream>) streams.set(id, stream);
  for (const stream of state.pendingStreams as Set<Http2Stream>) pendingStreams.add(stream);
  Object.assign(state, { streams, pendingStreams });
}

function stateOf(session: Http2Session): { readonly streams?: unknown; readonly pendingStreams?: unknown } | undefined {
  const name = Object.getOwnPropertySymbols(session).find(({ description }) => description === "state");
  return name && (session as unknown as Record<symbol, object>)[name];
}

type Box = { stream: Http2Stream | undefined };

/** What Node asks of its Map of streams. Boxes are emptied, so that a table which was replaced holds no stream that has ended since. */
class BoxedStreams {
  readonly #boxes = new Map<number, Box>();

  get size(): number {
    return this.#boxes.size;
  }

  get(id: number): Http2Stream | undefined {
    return this.#boxes.get(id)?.stream;
  }

  set(id: number, stream: Http2Stream): void {
    this.#boxes.set(id, { stream });
  }

  delete(id: number): boolean {
    const box = this.#boxes.get(id);
    if (box) box.stream = undefined;
    return this.#boxes.delete(id);
  }

  forEach(visit: (stream: Http2Stream) => void): void {
    for (const { stream } of this.#boxes.values()) if (stream) visit(stream);
  }
}

/** What Node asks of its Set of pending streams. Of a server there is one at most: it is pending while it is being made. */
class FewStreams {
  readonly #streams: Http2Stream[] = [];

  get size(): number {
    return this.#streams.length;
  }

  add(stream: Http2Stream): void {
    this.#streams.push(stream);
  }

  delete(stream: Http2Stream): boolean {
    const at = this.#streams.indexOf(stream);
    if (at >= 0) this.#streams.splice(at, 1);
    return at >= 0;
  }

  forEach(visit: (stream: Http2Stream) => void): void {
    for (const stream of [...this.#streams]) visit(stream);
  }
}
