import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";

export type Variant = "sotw" | "delta";

/** A resource as far as the protocol cares; a poisoned one is rejected by every client. */
export type Item = {
  readonly type: ResourceType;
  readonly name: string;
  readonly version: string;
  readonly uses: readonly string[];
  readonly poisoned: boolean;
};

/** What a server says, in either variant. */
export type Reply = {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly Item[];
  readonly removed: readonly string[];
  readonly errors: readonly string[];
  readonly heartbeat: boolean;
};

/** What a client says, in either variant: SotW tells all `names`, delta those that come and go. */
export type Request = {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly rejects: string | undefined;
  readonly names: readonly string[];
  readonly version: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initial: ReadonlyMap<string, string>;
};

/** What a client changes about what it wants; `all` is the wildcard, "legacy" that of an empty first list. */
export type Change = {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
  readonly all?: boolean | "legacy" | undefined;
};

/** What a client knows of one type. */
export type Side = {
  readonly names: Set<string>;
  all: boolean;
  /** The wildcard is the one of an empty first list. */
  legacy: boolean;
  open: boolean;
  readonly held: Map<string, Item>;
  nonce: string;
  version: string;
  inbox: Reply[];
};

export type Habits = {
  readonly variant: Variant;
  /** Applies what is good of a response that it rejects, and names the rest, as gRPC (A46) and Envoy do; otherwise nothing. */
  readonly partial: boolean;
  /** Names the culprits though it applied nothing. */
  readonly names: boolean;
};

/** CDS and LDS of the state of the world tell everything: what is left out is deleted. */
export const isWhole = (type: ResourceType, variant: Variant) =>
  variant === "sotw" && (type === "cluster" || type === "listener");

export type SimulatedClient = ReturnType<typeof createSimulatedClient>;

/** A client that keeps to the protocol: it says what it wants, takes what it is sent as the specification tells, and answers. */
export function createSimulatedClient({ variant, partial, names: namesCulprits }: Habits) {
  const sides = new Map<ResourceType, Side>();

  function side(type: ResourceType): Side {
    const known = sides.get(type);
    if (known !== undefined) return known;
    const made: Side = {
      ...{ names: new Set(), all: false, legacy: false, open: false, held: new Map() },
      ...{ nonce: "", version: "", inbox: [] },
    };
    sides.set(type, made);
    return made;
  }

  const wants = ({ all, names }: Side, name: string) => all || names.has(name);

  /** It no longer has all that its version stood for: a version that stands for nothing, unless it has nothing. */
  const lessThan = ({ held }: Side) => (held.size === 0 ? "" : "less");

  function listOf({ all, legacy, names }: Side): readonly string[] {
    return legacy ? [] : [...(all ? ["*"] : []), ...names];
  }

  /** Changes what it wants and says so; undefined when there is nothing to say yet. */
  function ask(
    type: ResourceType,
    { add = [], drop = [], all }: Change,
    { nonce, rejects }: { nonce?: string; rejects?: string | undefined } = {},
  ): Request | undefined {
    const mine = side(type);
    const first = !mine.open;
    // A list of names cannot say that it let go of one and took it up again.
    const dropped = variant === "sotw" ? drop.filter((name) => !add.includes(name)) : drop;
    for (const name of dropped)
      if (mine.names.delete(name) && !mine.all && mine.held.delete(name)) mine.version = lessThan(mine);
    for (const name of add) mine.names.add(name);
    // An empty list stays the wildcard until something was named: whoever wants nothing then cannot say so.
    const stuck = variant === "sotw" && mine.legacy && mine.names.size === 0;
    if (all !== undefined) mine.all = all !== false || stuck;
    mine.legacy = mine.all && mine.names.size === 0 && (first ? all !== true : mine.legacy && all === undefined);
    for (const name of mine.held.keys()) {
      if (wants(mine, name)) continue;
      mine.held.delete(name);
      mine.version = lessThan(mine);
    }
    if (first && !mine.all && mine.names.size === 0) return undefined;
    mine.open = true;
    const star = all === undefined ? [] : ["*"];
    return {
      ...{ type, nonce: nonce ?? (variant === "sotw" ? mine.nonce : ""), rejects },
      ...{ names: listOf(mine), version: mine.version },
      subscribe: first ? listOf(mine) : [...(mine.all ? star : []), ...add],
      unsubscribe: first ? [] : [...(mine.all ? [] : star), ...dropped],
      initial: new Map(first ? [...mine.held.values()].map(({ name, version }) => [name, version]) : []),
    };
  }

  /** Takes the oldest response of the type that it has not answered yet, and answers; `change` goes along. */
  function answer(type: ResourceType, change: Change = {}): Request | undefined {
    const mine = side(type);
    const reply = mine.inbox.shift();
    if (reply === undefined) return undefined;
    const bad = reply.resources.filter(({ name, poisoned }) => poisoned && wants(mine, name));
    if (bad.length === 0 || partial) take(mine, reply);
    mine.nonce = reply.nonce;
    const takesAll = reply.resources.every(({ name }) => wants(mine, name));
    if (bad.length === 0) mine.version = takesAll ? reply.version : lessThan(mine);
    const rejects =
      bad.length === 0 ? undefined : partial || namesCulprits ? bad.map(({ name }) => `${name}: no`).join(", ") : "no";
    return ask(type, change, { nonce: reply.nonce, rejects });
  }

  function take(mine: Side, { type, resources, removed, heartbeat }: Reply): void {
    const told = new Set(resources.map(({ name }) => name));
    if (isWhole(type, variant)) for (const name of mine.held.keys()) if (!told.has(name)) mine.held.delete(name);
    for (const name of removed) mine.held.delete(name);
    for (const item of heartbeat ? [] : resources)
      if (!item.poisoned && wants(mine, item.name)) mine.held.set(item.name, item);
  }

  return {
    variant,
    partial,
    side,
    ask,
    answer,
    /** Says the same again; delta: subscribes once more to what it is subscribed to. */
    repeat(type: ResourceType): Request | undefined {
      const { names } = side(type);
      return ask(type, variant === "sotw" ? {} : { add: [...names] });
    },
    /** The stream broke: what it wants and holds stays, the rest begins anew. Asks for everything again. */
    reconnect(): readonly Request[] {
      for (const mine of sides.values()) {
        mine.open = false;
        mine.nonce = "";
        mine.inbox = [];
      }
      return [...sides.keys()].flatMap((type) => ask(type, {}) ?? []);
    },
  };
}
