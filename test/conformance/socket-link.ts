import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { type Runtime, RuntimeSchema } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import type { Resources } from "../../control-plane/src/snapshot/pack.ts";
import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";
import type { XdsServer } from "../../control-plane/src/xds-server.ts";
import { inTime } from "../kit/wait.ts";
import type { Link } from "./play-session.ts";
import type { Reply, Request, Variant } from "./simulated-client.ts";
import { openWire, type Wire } from "./wire.ts";

/** A link whose other end is a real server behind a real socket. Disposing of it closes the connection. */
export type SocketLink = Link &
  Disposable & {
    /** All that was said, and published, has been answered, and the answers are here. */
    answered(): Promise<void>;
    /** How many requests were sent over the stream. */
    sent(): number;
    /** The server has noticed that the clock was moved, once for each time this is called. Nothing may be on its way when it is. */
    passed(): Promise<void>;
  };

// The clock must be moved by more than half of it, or no sign of life would tell that the server noticed.
const ttlMs = (type: ResourceType) => (type === "runtime" ? 60_000 : undefined);

/**
 * Each session has a viewer of its own, and a fresh one after a restart: a server that knows of nothing. Beside what the session
 * is about its stream holds one runtime, which changes with each thing published, is asked for again to learn that what was said
 * before has been answered, and lives for a limited time, so that its signs of life tell that time has passed.
 */
export function createSocketLink({
  variant,
  server,
  name,
  now,
  published,
}: {
  readonly variant: Variant;
  readonly server: XdsServer;
  readonly name: string;
  readonly now: () => number;
  /** Told of something that only this link's viewers hold. */
  readonly published: (marker: Runtime) => void;
}): SocketLink {
  const channel = new Client(`${server.host}:${server.port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  let hear: (reply: Reply) => void;
  let wire: Wire | undefined;
  let [viewers, streams] = [0, 0];
  let waiting: Resources[] = [];
  // Of the runtime: the number that is published, and that of this stream's last one; answers and signs of life on this stream.
  let [newest, seen, answers, beats, beatsAwaited] = [0, 0, 0, 0, 0];
  let asking = false;
  let last = { nonce: "", version: "" };
  let failure: Error | undefined;
  let news = Promise.withResolvers<void>();

  const viewer = () => `${name}/${viewers}`;
  const node = () => ({ id: `${name}.${streams}`, cluster: viewer() });
  const view = () => server.clients.list().find(({ nodeId }) => nodeId === node().id);
  const marker: Pick<Request, "type" | "names"> = { type: "runtime", names: ["marker"] };

  function take(reply: Reply, number: number | undefined): void {
    if (reply.type === "runtime") takeMarker(reply, number ?? seen);
    else hear(reply);
  }

  function takeMarker({ nonce, version }: Reply, number: number): void {
    if (asking) answers += 1;
    else if (number === seen) beats += 1;
    asking = false;
    seen = number;
    last = { nonce, version };
    wire?.send({ ...marker, ...last, subscribe: [] });
  }

  async function when(condition: () => boolean, what: string): Promise<void> {
    while (failure === undefined && !condition()) await inTime(news.promise, 30_000, () => `${node().id}: ${what}`);
    if (failure !== undefined) throw failure;
  }

  function settle(cause?: unknown): void {
    if (cause !== undefined) failure ??= new Error(`${node().id}: ${cause}`, { cause });
    news.resolve();
    news = Promise.withResolvers();
  }

  /** Only once it is needed: a call of grpc-js that is cancelled before it began is sent, and never reset (seen with 1.14.7). */
  function opened(): Wire {
    if (wire !== undefined) return wire;
    const mine = openWire(channel, variant, node(), {
      take(reply, number) {
        if (wire !== mine) return;
        try {
          take(reply, number);
          settle();
        } catch (cause) {
          settle(cause);
        }
      },
      ended(how) {
        if (wire === mine) settle(how);
      },
    });
    wire = mine;
    wire.send(marker);
    return mine;
  }

  async function answered(): Promise<void> {
    const { send, sent } = opened();
    // Before anything is published nothing is answered: what the server counts has to do.
    if (newest === 0) {
      while (failure === undefined && (view()?.cost.requests ?? 0) < sent()) await delay(1);
      return;
    }
    await when(() => seen === newest, `what was published as ${newest}, after ${seen}`);
    const before = answers;
    asking = true;
    send({ ...marker, ...(variant === "sotw" && last), subscribe: marker.names });
    await when(() => answers > before, "an answer to the marker");
  }

  return {
    now,
    open(hears, { restarted }) {
      hear = hears;
      wire?.cancel();
      wire = undefined;
      if (restarted) {
        server.forget(viewer());
        viewers += 1;
        waiting = [];
        newest = 0;
      }
      streams += 1;
      [seen, answers, beats, beatsAwaited] = [0, 0, 0, 0];
      asking = false;
    },
    send: (request) => opened().send(request),
    publish: (resources) => waiting.push(resources),
    notice() {
      for (const resources of waiting.splice(0)) {
        newest += 1;
        const runtime = create(RuntimeSchema, { name: "marker", layer: { number: newest } });
        published(runtime);
        server.set(viewer(), { ...resources, runtimes: [runtime], ttlMs });
      }
    },
    resources: () => [...(view()?.resources() ?? [])].filter(({ type }) => type !== "runtime"),
    answered,
    sent: () => wire?.sent() ?? 0,
    async passed() {
      beatsAwaited += 1;
      await when(() => beats === beatsAwaited, "a sign of life");
      await answered();
    },
    [Symbol.dispose]() {
      wire?.cancel();
      wire = undefined;
      channel.close();
      server.forget(viewer());
    },
  };
}
