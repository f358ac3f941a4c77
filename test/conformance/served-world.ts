import { create } from "@bufbuild/protobuf";
import { type Node, NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import type { Resources } from "../../control-plane/src/snapshot/pack.ts";
import {
  createXdsServer,
  type XdsNote,
  type XdsServer,
  type XdsServerOptions,
} from "../../control-plane/src/xds-server.ts";
import { until } from "../kit/wait.ts";
import {
  madeUpCluster,
  madeUpEndpoints,
  madeUpExtension,
  madeUpListener,
  madeUpRoutes,
  madeUpRuntime,
  madeUpScopedRoutes,
  madeUpSecret,
} from "./made-up-resources.ts";
import { openPlainStream, type PlainNode, type PlainStream, type Variant } from "./plain-client.ts";
import type { PlainType } from "./plain-types.ts";

/**
 * A world in few words, e.g. `{ cluster: { a: "v1" }, routes: { r: "v1>a,b" } }`: type, name and content. What follows `>` is
 * referred to (a cluster uses the endpoints of its own name); `v1/30s` has a time to live.
 */
export type Words = Partial<Record<PlainType, Readonly<Record<string, string>>>>;

export type OpenOptions = {
  /** Only what differs from an ordinary Envoy of the viewer `test`; null: no node at all. */
  readonly node?: PlainNode | null;
  /** The service of one type instead of ADS. */
  readonly service?: PlainType;
};

/** A real server on a port of its own, with a world that the test edits and a clock that it moves. */
export type ServedWorld = AsyncDisposable & {
  readonly server: XdsServer;
  readonly notes: readonly XdsNote[];
  /**
   * From now on clients whose node's cluster is `viewer` are to have this and nothing else. `anew`: also what there was before
   * is made once more, so that only its content tells that it is the same.
   */
  set(words: Words, viewer?: string, options?: { readonly anew?: boolean }): void;
  open(variant: Variant, options?: OpenOptions): PlainStream;
  /** Moves the clock by a millisecond or more, and waits until the server has noticed: it looks once a second. */
  pass(ms: number): Promise<void>;
};

export async function startServedWorld(
  options: Omit<Partial<XdsServerOptions>, "now" | "observe"> = {},
): Promise<ServedWorld> {
  const notes: XdsNote[] = [];
  const streams: PlainStream[] = [];
  const published = new Map<string, number>();
  let [opened, nowMs] = [0, 1_000_000];
  const viewerOf = options.viewer ?? (({ cluster }: Node) => cluster);
  let sentinel: PlainStream | undefined;
  const server = await createXdsServer({
    listen: "127.0.0.1:0",
    ...options,
    observe: (note) => notes.push(note),
    now: () => new Date(nowMs),
  });

  function open(variant: Variant, { node = {}, service }: OpenOptions = {}): PlainStream {
    opened += 1;
    const whole = { id: `client-${opened}`, cluster: "test", userAgentName: "envoy", ...node };
    const stream = openPlainStream({
      address: `${server.host}:${server.port}`,
      variant,
      ...(service && { service }),
      node: node === null ? undefined : whole,
      published: () => published.get(viewerOf(create(NodeSchema, whole))) ?? 0,
    });
    streams.push(stream);
    return stream;
  }

  /** What it has lives for so short a time that it is sent a sign of life whenever the server notices that the clock was moved. */
  function openSentinel(): PlainStream {
    server.set("sentinel", { ...nothing, runtimes: [madeUpRuntime("short", "")], ttlMs: () => 2 });
    const stream = open("delta", { node: { id: "sentinel", cluster: "sentinel" } });
    stream.want("runtime", ["short"]);
    return stream;
  }

  /** Returns once the answer was heard, which the server would take for a look at its clock otherwise. */
  async function watch(stream: PlainStream): Promise<void> {
    await stream.next();
    stream.ack("runtime");
    const acks = () => server.clients.list().find(({ nodeId }) => nodeId === "sentinel")?.cost.acks;
    const before = acks();
    await until(() => acks() !== before, { within: 20_000, what: "the sentinel's ACK", everyMs: 2 });
  }

  return {
    server,
    notes,
    set(words, viewer = "test", { anew = false } = {}) {
      if (anew) known.clear();
      const number = (published.get(viewer) ?? 0) + 1;
      published.set(viewer, number);
      server.set(viewer, resourcesOf(words, number));
    },
    open,
    async pass(ms) {
      if (sentinel === undefined) {
        sentinel = openSentinel();
        await watch(sentinel);
      }
      nowMs += ms;
      await watch(sentinel);
    },
    async [Symbol.asyncDispose]() {
      for (const stream of streams) stream[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const nothing: Resources = { clusters: [], endpoints: [], listeners: [], routes: [] };

const known = new Map<string, object>();

/** What was made before is the same object again: so it is known to be unchanged. */
function made<M extends object>(
  type: PlainType,
  words: Words,
  make: (name: string, content: string, uses: readonly string[]) => M,
): readonly M[] {
  return Object.entries(words[type] ?? {}).map(([name, content]) => {
    const key = `${type} ${name} ${content}`;
    const message = (known.get(key) as M | undefined) ?? make(name, content, usesOf(content));
    known.set(key, message);
    return message;
  });
}

function usesOf(content: string): readonly string[] {
  return />([^/]*)/.exec(content)?.[1]?.split(",") ?? [];
}

function resourcesOf(words: Words, published: number): Resources {
  const firstOr = ([first]: readonly string[], otherwise: string) => first ?? otherwise;
  return {
    clusters: made("cluster", words, madeUpCluster),
    endpoints: made("endpoints", words, madeUpEndpoints),
    listeners: made("listener", words, (name, content, uses) => madeUpListener(name, content, firstOr(uses, name))),
    routes: made("routes", words, madeUpRoutes),
    secrets: made("secret", words, madeUpSecret),
    runtimes: [...made("runtime", words, madeUpRuntime), madeUpRuntime("marker", String(published))],
    extensions: made("extension", words, madeUpExtension),
    scopedRoutes: made("scopedRoutes", words, (name, content, uses) =>
      madeUpScopedRoutes(name, content, firstOr(uses, name)),
    ),
    ttlMs(type, name) {
      const seconds = /\/(\d+)s$/.exec(words[type]?.[name] ?? "")?.[1];
      return seconds === undefined ? undefined : Number(seconds) * 1_000;
    },
  };
}
