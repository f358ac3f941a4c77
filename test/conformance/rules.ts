import { type Known, type ReferenceModel, rule, type World, wants } from "./reference-model.ts";
import { type Item, isWhole, type Reply } from "./simulated-client.ts";
import type { VersionBook } from "./version-book.ts";

const usersOf: Readonly<Partial<Record<Item["type"], readonly Item["type"][]>>> = {
  cluster: ["listener", "routes"],
  endpoints: ["cluster"],
  routes: ["listener"],
};

/** What a server may say on the way, given what it knows. `sent` throws, with what is wrong. */
export function createRules({ client, types, held, drag }: ReferenceModel, versions: VersionBook) {
  const { variant } = client;

  function sent(reply: Reply, world: World, now: number): void {
    const { type, nonce, resources, removed, errors, heartbeat } = reply;
    const known = types.get(type);
    rule(known !== undefined, `${type} was never asked for`);
    rule(known.unanswered === undefined, `${type}: a second response in flight`);
    const { told, asked, dragged, doubtful, sentAt } = known;
    const whole = isWhole(type, variant);
    const has = (name: string) => held(type).get(name)?.version;
    const names = resources.map(({ name }) => name);
    const lost = [...held(type).keys()].filter((name) => (whole ? !names.includes(name) : removed.includes(name)));
    rule(new Set([...names, ...removed]).size === names.length + removed.length, `${type}: a name told twice`);
    for (const name of [...names, ...removed, ...errors])
      rule(wants(known, name) || asked.has(name), `${type} ${name} is not subscribed to`);
    for (const name of [...lost, ...removed, ...errors])
      rule(!world[type].has(name), `${type} ${name}: lost, but there`);
    const fresh = resources.filter(({ name, version }) => !told.has(name) || has(name) !== version);
    for (const item of fresh) checkFresh(item, known, world, now);
    const needed = (name: string) => heartbeat || [asked, dragged, doubtful].some((reason) => reason.has(name));
    const needless = names.filter((name) => !needed(name) && !fresh.some((item) => item.name === name));
    rule(whole || needless.length === 0, `${type} ${needless}: sent though held`);
    const news = [...fresh.map(({ name }) => name), ...lost, ...errors, ...[...names, ...removed].filter(needed)];
    rule(news.length > 0 || known.owed !== "no" || doubtful.size > 0, `${type}: a response that says nothing`);
    checkOrder(reply, known, fresh, lost, world);
    checkVersion(reply, known, world);
    const waits = ({ name, version }: Item) => has(name) !== version && !doubtful.has(name);
    for (const item of type === "cluster" ? resources : [])
      if (waits(item) || news.includes(item.name))
        drag([item], waits(item) && item.uses.every((use) => world.endpoints.has(use)));
    for (const name of [...names, ...removed, ...errors]) for (const reason of [asked, dragged]) reason.delete(name);
    const suspects = resources.filter((item) => fresh.includes(item) || doubtful.has(item.name));
    for (const name of [...names, ...removed]) doubtful.delete(name);
    for (const name of names) sentAt.set(name, now);
    Object.assign(known, { unanswered: reply, suspects, news, nonce, owed: "no" });
  }

  function checkFresh({ type, name, version }: Item, known: Known, world: World, now: number): void {
    const { version: bad, until = 0 } = known.rejected.get(name) ?? {};
    const isNewest = world[type].get(name)?.version === version;
    const isHeld = held(type).get(name)?.version === version;
    rule(isNewest || isHeld || known.doubtful.has(name), `${type} ${name}: ${version} is not the newest`);
    const mayAgain = now >= until || known.asked.has(name) || isBlind(known);
    rule(bad !== version || mayAgain, `${type} ${name}: rejected, and too early again`);
  }

  /** What it has from before we do not know, and a list would delete what it leaves out: it gets all, also what it rejects. */
  function isBlind({ type, claims, accepted }: Known): boolean {
    return isWhole(type, variant) && claims !== "" && !accepted;
  }

  /** Make before break: nothing refers to a cluster that the client has not accepted, or that was taken from it. */
  function checkOrder(
    { type, removed }: Reply,
    known: Known,
    fresh: readonly Item[],
    lost: readonly string[],
    world: World,
  ): void {
    const clusters = types.get("cluster");
    const isAnswered = (other: Item["type"]) => types.get(other)?.unanswered === undefined;
    if (type === "listener" || type === "routes")
      rule(isAnswered("cluster"), `${type}: before the clusters were answered`);
    // Who has no routes yet, as far as the server knows, or asks for them, is better off with some that lead nowhere.
    const replaces = ({ name }: Item) =>
      held(type).has(name) && known.told.has(name) && !known.doubtful.has(name) && !known.asked.has(name);
    for (const item of type === "routes" ? fresh.filter(replaces) : [])
      rule(!isEarly(item, world), `routes ${item.name}: name a cluster too early`);
    for (const name of type === "cluster" ? lost.filter((one) => known.told.has(one)) : []) {
      // State-of-the-world has no word for routes that are gone.
      const named = users(name, "routes").some((user) => variant === "delta" || world.routes.has(user.name));
      rule(!named && isAnswered("listener") && isAnswered("routes"), `cluster ${name}: taken away too early`);
    }
    const isThere = (user: Item) => world.cluster.get(user.name)?.version === user.version;
    for (const name of type === "endpoints" ? removed.filter((one) => held(type).has(one)) : [])
      for (const user of users(name, "cluster"))
        rule(
          isThere(user) || clusters?.unanswered?.removed.includes(user.name) === true,
          `endpoints ${name}: too early`,
        );
  }

  /** What the client has of a type that refers to this, as far as it was sent on this stream. */
  function users(name: string, of: Item["type"]): readonly Item[] {
    return [...held(of).values()].filter((item) => types.get(of)?.told.has(item.name) && item.uses.includes(name));
  }

  /** Do these routes name a cluster that is there, and that the client wants and has not? */
  function isEarly({ uses }: Item, world: World): boolean {
    const clusters = types.get("cluster");
    const lacks = (use: string) => world.cluster.has(use) && !held("cluster").has(use);
    return clusters !== undefined && uses.some((use) => wants(clusters, use) && lacks(use));
  }

  /** Equal for equal contents, as far as it can be known from here what the client has once it accepts. */
  function checkVersion({ type, version, resources, removed }: Reply, { told, doubtful }: Known, world: World): void {
    const before = isWhole(type, variant) ? [] : [...held(type).values()].filter(({ name }) => told.has(name));
    const names = new Set([...resources.map(({ name }) => name), ...removed]);
    const rest = before.filter(({ name }) => !names.has(name));
    const isSure = variant === "delta" || rest.every(({ name }) => world[type].has(name));
    if (!isWhole(type, variant) && !(isSure && doubtful.isSubsetOf(names))) return;
    versions.check(version, { type, for: [...rest, ...resources].map((item) => `${item.name} ${item.version}`) });
  }

  /** Nothing is on its way and no time is awaited: the client has what it is to have. `waited`: all retries were due now. */
  function quiet(world: World, { now, waited }: { readonly now: number; readonly waited: boolean }): void {
    for (const known of types.values()) {
      const { type, asked, dragged, rejected, sentAt } = known;
      const isBad = (name: string) => world[type].get(name)?.poisoned !== false;
      if (isBlind(known) && [...world[type].keys()].some((name) => wants(known, name) && isBad(name))) continue;
      rule(known.unanswered === undefined && known.owed !== "must", `${type}: not answered`);
      const isStuck = (name: string) => isBad(name) && (world[type].has(name) || mayKeep(type, name, world));
      for (const name of asked) rule(isStuck(name), `${type} ${name}: not answered`);
      for (const [name, waits] of dragged) rule(!waits || isBad(name), `${type} ${name}: a cluster waits for them`);
      for (const [name, { version }] of waited && type !== "routes" ? rejected : []) {
        const isWanted = world[type].get(name)?.version === version;
        rule(!isWanted || sentAt.get(name) === now, `${type} ${name}: not tried again`);
      }
      for (const item of world[type].values()) checkHeld(item, known, world);
      for (const name of held(type).keys())
        rule(world[type].has(name) || mayKeep(type, name, world), `${type} ${name}: still held, and gone`);
    }
  }

  function checkHeld(item: Item, known: Known, world: World): void {
    const { type, name, version, poisoned } = item;
    const has = held(type).get(name)?.version;
    const clusters = types.get("cluster");
    const mayLack = isEarly(item, world) || (clusters !== undefined && isBlind(clusters));
    const waits = type === "routes" && has !== undefined && mayLack;
    const isDue = wants(known, name) && !poisoned && !waits;
    rule(!isDue || has === version, `${type} ${name}: has ${has}, wants ${version}`);
  }

  /** What is gone stays while the client has, or may have, something old that refers to it, or of a listener may lead to it. */
  function mayKeep(type: Item["type"], name: string, world: World): boolean {
    if (variant === "sotw" && !isWhole(type, variant)) return true;
    return (usersOf[type] ?? []).some((user) => {
      const { claimed, doubtful } = types.get(user) ?? {};
      const refers = (item: Item) =>
        claimed?.has(item.name) || item.uses.includes(name) || (type === "cluster" && user === "listener");
      const isOld = (item: Item) => world[user].get(item.name)?.version !== item.version;
      const old = [...held(user).values()].filter((item) => isOld(item) && refers(item));
      return claimed !== undefined && (old.length > 0 || (doubtful?.size ?? 0) > 0);
    });
  }

  return { sent, quiet };
}
