import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";
import { type Item, isWhole, type Reply, type Request, type SimulatedClient } from "./simulated-client.ts";

export type World = Readonly<Record<ResourceType, ReadonlyMap<string, Item>>>;

/** What a server knows of one type on one stream: what went over the wire, and nothing else. */
export type Known = {
  readonly type: ResourceType;
  names: Set<string>;
  all: boolean;
  /** It named something once: from then on an empty list wants nothing. */
  named: boolean;
  /** State-of-the-world: the version that it came back with. */
  readonly claims: string;
  nonce: string;
  unanswered: Reply | undefined;
  /** What of the last response the client did not have, or perhaps not; and all that was told in it for whatever reason. */
  suspects: readonly Item[];
  news: readonly string[];
  accepted: boolean;
  /** Names that must be answered whatever the client has; `owed`: an answer, even an empty one. */
  readonly asked: Set<string>;
  owed: "no" | "may" | "must";
  /** Endpoints that go along with a cluster, and whether it waits for them. */
  readonly dragged: Map<string, boolean>;
  /** What the client accepted on this stream, or said that it has. */
  readonly told: Set<string>;
  /** What it said that it has, and nothing more is known of. */
  readonly claimed: Set<string>;
  /** When it was sent last. */
  readonly sentAt: Map<string, number>;
  /** Perhaps the client has it: it was rejected together with others, or a version stands for it that the client came back with. */
  readonly doubtful: Set<string>;
  readonly rejected: Map<string, { readonly version: string; readonly times: number; readonly until: number }>;
};

export function rule(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Error(says);
}

export const wants = ({ all, names }: Known, name: string) => all || names.has(name);

const plain = (names: readonly string[]) => names.filter((name) => name !== "*");

export type ReferenceModel = ReturnType<typeof createReferenceModel>;

/** What the server is told over one stream, and what the client is to have in the end. */
export function createReferenceModel(client: SimulatedClient) {
  const { variant } = client;
  const types = new Map<ResourceType, Known>();
  const held = (type: ResourceType) => client.side(type).held;

  function heard(request: Request, now: number): void {
    const known = types.get(request.type);
    if (known === undefined) hearFirst(request);
    else hear(known, request, now);
  }

  function hearFirst({ type, names, subscribe, initial, version: claims }: Request): void {
    const list = variant === "sotw" ? names : subscribe;
    const told = new Set(variant === "sotw" ? [] : initial.keys());
    const unknown = plain(list).filter((name) => !told.has(name));
    const all = list.includes("*") || (list.length === 0 && (type === "cluster" || type === "listener"));
    const first = all || isWhole(type, variant) ? (claims === "" ? "must" : "may") : "no";
    types.set(type, {
      ...{ type, names: new Set(plain(list)), all, named: list.length > 0, claims, nonce: "", told },
      ...{ unanswered: undefined, suspects: [], news: [], accepted: false, owed: first },
      ...{ asked: new Set(claims === "" ? unknown : []), dragged: new Map(), sentAt: new Map() },
      // A version tells of all names at once: right, they need not be sent; wrong, they may.
      ...{ doubtful: new Set(claims === "" ? [] : unknown), rejected: new Map(), claimed: new Set(told) },
    });
    // A cluster may have changed just before: its endpoints must come again, whatever the client says it has.
    const clusters = types.get("cluster");
    if (type !== "endpoints" || clusters?.unanswered === undefined) return;
    const waits = ({ name, version }: Item) => held("cluster").get(name)?.version !== version;
    for (const cluster of clusters.suspects) drag([cluster], waits(cluster));
  }

  function hear(known: Known, request: Request, now: number): void {
    const { nonce, rejects } = request;
    const answers = known.unanswered !== undefined && nonce === known.unanswered.nonce;
    if (answers) hearAnswer(known, rejects, now);
    if (variant === "delta") hearChanges(known, request);
    else hearList(known, request, !answers && rejects === undefined && nonce === known.nonce && known.accepted);
    for (const set of [known.asked, known.dragged, known.rejected, known.told, known.doubtful])
      for (const name of set.keys()) if (!wants(known, name)) set.delete(name);
    for (const name of known.asked) known.rejected.delete(name);
  }

  function hearChanges(known: Known, { type, subscribe, unsubscribe }: Request): void {
    const { names, asked, all } = known;
    // Under a wildcard the client does not know whether what it no longer names is still given: it must be told.
    for (const name of unsubscribe) if (names.delete(name)) asked[all ? "add" : "delete"](name);
    if (unsubscribe.includes("*")) known.all = false;
    for (const name of plain(subscribe)) if (names.add(name)) asked.add(name);
    if (!subscribe.includes("*")) return;
    // All again is all that the server has noticed by now, which is not known here.
    const given = [...held(type).keys(), ...(known.unanswered?.resources ?? []).map(({ name }) => name)];
    for (const name of all ? given : []) known.doubtful.add(name);
    [known.all, known.owed] = [true, "must"];
  }

  function hearList(known: Known, { names: list }: Request, isNoAnswer: boolean): void {
    const { type, names, all, asked, rejected } = known;
    known.named ||= list.length > 0;
    known.all = list.includes("*") || (!known.named && all);
    known.names = new Set(plain(list));
    const [added, dropped] = [known.names.difference(names), names.difference(known.names)];
    for (const name of dropped) asked.delete(name);
    for (const name of added) asked.add(name);
    // Neither an answer nor other names: it asks again for what it has.
    const again = isNoAnswer && known.all === all && added.size + dropped.size === 0;
    const isOwed = again || added.size > 0 || (known.all && !all);
    if (isWhole(type, variant)) known.owed = isOwed ? "must" : known.owed;
    else if (again) for (const name of names) if (!rejected.has(name)) asked.add(name);
  }

  function hearAnswer(known: Known, rejects: string | undefined, now: number): void {
    const { suspects, news, rejected, unanswered } = known;
    known.unanswered = undefined;
    known.accepted ||= rejects === undefined;
    if (rejects === undefined)
      for (const { name } of unanswered?.resources ?? [])
        [rejected, known.claimed].map((names) => known.told.add(name) && names.delete(name));
    else for (const name of news) known.doubtful.add(name);
    for (const { name, version } of rejects === undefined ? [] : suspects) {
      if (suspects.length > 1 && !rejects?.includes(`${name}: `)) continue;
      const before = rejected.get(name);
      const times = before?.version === version ? before.times + 1 : 1;
      rejected.set(name, { version, times, until: now + Math.min(60_000, 500 * 2 ** times) });
    }
  }

  /** A changed cluster waits for its endpoints, even for those that did not change. */
  function drag(clusters: readonly Item[], waits: boolean): void {
    const known = types.get("endpoints");
    for (const name of clusters.flatMap(({ uses }) => uses))
      if (known !== undefined && wants(known, name)) known.dragged.set(name, waits || known.dragged.get(name) === true);
  }

  /** A version that was rejected may be sent at once when it comes back. What goes in silence may be told when it does. */
  function edited(type: ResourceType, name: string): void {
    const known = types.get(type);
    known?.rejected.delete(name);
    const mayBeTold = type === "endpoints" || (variant === "sotw" && !isWhole(type, variant));
    if (mayBeTold && known !== undefined && wants(known, name)) known.doubtful.add(name);
  }

  return { client, types, held, heard, drag, edited };
}
