import { z } from "zod";
import { backoffMs } from "../../lib/backoff.ts";
import { pause } from "../../lib/wait.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { KubernetesRefusal, refusalOfEvent } from "./refusal.ts";

/** A collection of objects, and how they are asked for. */
export type Collection<T> = {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly acceptList: string;
  readonly acceptWatch: string;
  /** What is kept of an object; it may throw for one that cannot be told apart from others at all. */
  readonly read: (object: unknown) => T;
};

export type Watched<T> =
  /** All there are. */
  | { readonly kind: "listed"; readonly objects: ReadonlyMap<string, T>; readonly version: string }
  | { readonly kind: "put"; readonly name: string; readonly object: T; readonly version: string }
  | { readonly kind: "gone"; readonly name: string; readonly version: string }
  /** The server answers, and there is nothing new. */
  | { readonly kind: "alive"; readonly version: string }
  | { readonly kind: "failed"; readonly cause: Error };

export type ListWatchLimits = {
  readonly pageSize: number;
  readonly answerMs: number;
  /** How long the server is to keep a watch open, and up to half as long again. It bounds how late a hung one is noticed. */
  readonly watchMs: number;
  /** How often everything is listed again, whatever the watches said. */
  readonly relistMs: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
};

export type ListWatchOptions = {
  readonly client: KubernetesClient;
  readonly limits: ListWatchLimits;
  readonly monotonicMs: () => number;
  readonly random: () => number;
};

const metadata = z.looseObject({ name: z.string().min(1), resourceVersion: z.string().min(1) });
const objectSchema = z.looseObject({ metadata });
const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().min(1), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
});
const eventSchema = z.looseObject({ type: z.string(), object: z.unknown() });
const bookmarkSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) });

/**
 * Lists a collection, then watches it from the version of the list, until the signal aborts. The rules are those of
 * kubernetes.io/docs/reference/using-api/api-concepts: lists are read in pages and are consistent (no `resourceVersion`, which
 * would allow an older state than one seen before); a watch that the server ends in order is resumed from the last event or
 * bookmark; 410 Gone, as an answer or as an event, means to list again. After a failure it lists again too: a watch
 * from a version that a restored cluster has not reached yet is accepted and stays silent.
 */
export async function* listWatch<T>(
  collection: Collection<T>,
  { client, limits, monotonicMs, random }: ListWatchOptions,
  signal: AbortSignal,
): AsyncGenerator<Watched<T>> {
  let version: string | undefined;
  let relistAt = 0;
  for (let failures = 0; !signal.aborted; ) {
    const began = monotonicMs();
    let cause: Error | undefined;
    try {
      if (version === undefined || began >= relistAt) {
        const list = await listAll(collection, client, limits, signal);
        version = list.version;
        relistAt = began + limits.relistMs * (1 + random() / 2);
        yield { kind: "listed", ...list };
      }
      const seconds = Math.ceil((limits.watchMs * (1 + random() / 2)) / 1_000);
      const query = { ...collection.query, watch: "1", allowWatchBookmarks: "true", timeoutSeconds: String(seconds) };
      const question = {
        path: collection.path,
        query: { ...query, resourceVersion: version },
        accept: collection.acceptWatch,
        timeLimitMs: seconds * 1_000 + limits.answerMs,
      };
      for await (const raw of client.watch(question, signal)) {
        const event: Event<T> = raw === undefined ? { kind: "alive", version } : eventOf(raw, collection);
        version = event.version;
        yield event;
      }
      yield { kind: "alive", version };
    } catch (thrown) {
      if (signal.aborted) return;
      cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      version = undefined;
      // The history that the watch would need is gone, which is in the nature of things, unless it is so every time.
      const expired = cause instanceof KubernetesRefusal && cause.status === 410 && failures < 3;
      if (!expired) yield { kind: "failed", cause };
    }
    if (cause === undefined && monotonicMs() - began >= minWatchMs) {
      failures = 0;
      continue;
    }
    // Also what ends too soon waits, so that a server that ends every watch at once is not asked in a busy loop.
    const retryAfterMs = cause instanceof KubernetesRefusal ? cause.retryAfterMs : 0;
    await pause(Math.max(retryAfterMs, backoffMs(failures++, limits.backoff, random)), signal);
  }
}

const minWatchMs = 1_000;
type Event<T> = Extract<Watched<T>, { kind: "put" | "gone" | "alive" }>;

function eventOf<T>(raw: unknown, { read }: Collection<T>): Event<T> {
  const { type, object } = eventSchema.parse(raw);
  switch (type) {
    case "ADDED":
    case "MODIFIED": {
      const { name, resourceVersion: version } = objectSchema.parse(object).metadata;
      return { kind: "put", name, object: read(object), version };
    }
    case "DELETED": {
      const { name, resourceVersion: version } = objectSchema.parse(object).metadata;
      return { kind: "gone", name, version };
    }
    case "BOOKMARK":
      return { kind: "alive", version: bookmarkSchema.parse(object).metadata.resourceVersion };
    case "ERROR":
      throw refusalOfEvent(object);
    default:
      throw new Error(`the watch sent an event of the unknown type "${type}"`);
  }
}

async function listAll<T>(
  { path, query, acceptList, read }: Collection<T>,
  client: KubernetesClient,
  { pageSize, answerMs }: ListWatchLimits,
  signal: AbortSignal,
): Promise<{ readonly objects: ReadonlyMap<string, T>; readonly version: string }> {
  const objects = new Map<string, T>();
  for (let token: string | undefined; ; ) {
    const page = { ...query, limit: String(pageSize), ...(token && { continue: token }) };
    const answer = await client.get({ path, query: page, accept: acceptList, timeLimitMs: answerMs * 3 }, signal);
    const list = listSchema.safeParse(answer);
    if (!list.success) throw new Error("the answer is no list: is there a Kubernetes API at that address?");
    for (const item of list.data.items ?? []) objects.set(objectSchema.parse(item).metadata.name, read(item));
    token = list.data.metadata.continue;
    if (!token) return { objects, version: list.data.metadata.resourceVersion };
  }
}
