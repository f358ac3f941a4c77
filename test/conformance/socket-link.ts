import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import type { Resources } from "../../control-plane/src/snapshot/pack.ts";
import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";
import type { XdsServer } from "../../control-plane/src/xds-server.ts";
import { inTime } from "../kit/wait.ts";
import { madeUpRuntime } from "./made-up-resources.ts";
import { heardReply, sendRequest } from "./over-the-wire.ts";
import { openPlainStream, type PlainStream } from "./plain-client.ts";
import type { PlainReply } from "./plain-reply.ts";
import type { Link } from "./play-session.ts";
import type { Reply, Request, Variant } from "./simulated-client.ts";

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
  let hear: (reply: Reply) => void;
  let wire: PlainStream | undefined;
  let requests = 0;
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

  function say(request: Pick<Request, "type"> & Partial<Request>): void {
    sendRequest(opened(), request);
    requests += 1;
  }

  function takeMarker({ nonce, version, resources: [one] }: PlainReply): void {
    // A sign of life comes without content.
    const number = one?.content === undefined ? seen : Number(one.content);
    if (asking) answers += 1;
    else if (number === seen) beats += 1;
    asking = false;
    seen = number;
    last = { nonce, version };
    say({ ...marker, ...last });
  }

  async function when(condition: () => boolean, what: string): Promise<void> {
    while (failure === undefined && !condition()) await inTime(news.promise, 60_000, () => `${node().id}: ${what}`);
    if (failure !== undefined) throw failure;
  }

  function settle(cause?: unknown): void {
    if (cause !== undefined) failure ??= new Error(`${node().id}: ${cause}`, { cause });
    news.resolve();
    news = Promise.withResolvers();
  }

  /** Only once it is needed: a call of grpc-js that is cancelled before it began is sent, and never reset (seen with 1.14.7). */
  function opened(): PlainStream {
    if (wire !== undefined) return wire;
    const address = `${server.host}:${server.port}`;
    // Who has come to the end of its session waits for all others.
    wire = openPlainStream({ address, variant, node: node(), published: () => newest, patienceMs: 600_000 });
    void listen(wire);
    requests = 0;
    say({ ...marker, subscribe: marker.names });
    return wire;
  }

  async function listen(mine: PlainStream): Promise<void> {
    try {
      for (;;) {
        const reply = await mine.next();
        if (wire !== mine) return;
        if (reply.type === "runtime") takeMarker(reply);
        else hear(heardReply(reply));
        settle();
      }
    } catch (cause) {
      if (wire === mine) settle(cause);
    }
  }

  function leave(): void {
    const mine = wire;
    wire = undefined;
    mine?.[Symbol.dispose]();
  }

  async function answered(): Promise<void> {
    opened();
    // Before anything is published nothing is answered: what the server counts has to do.
    if (newest === 0) {
      while (failure === undefined && (view()?.cost.requests ?? 0) < requests) await delay(1);
      return;
    }
    await when(() => seen === newest, `what was published as ${newest}, after ${seen}`);
    const before = answers;
    asking = true;
    say({ ...marker, ...(variant === "sotw" && last), subscribe: marker.names });
    await when(() => answers > before, "an answer to the marker");
  }

  return {
    now,
    open(hears, { restarted }) {
      hear = hears;
      leave();
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
    send: say,
    publish: (resources) => waiting.push(resources),
    notice() {
      for (const resources of waiting.splice(0)) {
        newest += 1;
        const runtime = madeUpRuntime("marker", String(newest));
        published(runtime);
        server.set(viewer(), { ...resources, runtimes: [runtime], ttlMs });
      }
    },
    resources: () => [...(view()?.resources() ?? [])].filter(({ type }) => type !== "runtime"),
    answered,
    sent: () => requests,
    async passed() {
      beatsAwaited += 1;
      await when(() => beats === beatsAwaited, "a sign of life");
      await answered();
    },
    [Symbol.dispose]() {
      leave();
      server.forget(viewer());
    },
  };
}
