import type { ViewerKey } from "../../control-plane/src/model/viewer.ts";
import { pack, type Resources } from "../../control-plane/src/snapshot/pack.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../../control-plane/src/snapshot/resource.ts";
import type { Snapshot } from "../../control-plane/src/snapshot/snapshot.ts";
import { madeUpCluster, madeUpEndpoints, madeUpListener, madeUpRoutes } from "./made-up-resources.ts";
import { contents, type Edit, names, type Type } from "./random-session.ts";
import type { World } from "./reference-model.ts";
import type { Item } from "./simulated-client.ts";

/** Each resource of each content once: what was given before is known again by being the same object. */
const pool = {
  cluster: made((name, content) => madeUpCluster(name, content)),
  endpoints: made((name, content) => madeUpEndpoints(name, content)),
  listener: made((name, content) => madeUpListener(name, content, name)),
  routes: made((name, content, index) => madeUpRoutes(name, content, clustersOf(name, index))),
};

function made<M>(make: (name: string, content: string, index: number) => M): ReadonlyMap<string, M> {
  return new Map(names.flatMap((name) => contents.map((index) => [`${name}${index}`, make(name, `v${index}`, index)])));
}

/** Routes `a` name the cluster a, then b, then both; and so on. */
function clustersOf(name: string, content: number): readonly string[] {
  const at = (names as readonly string[]).indexOf(name);
  const [one = "a", other = "b"] = [names[at], names[(at + 1) % names.length]];
  return [[one], [other], [one, other]][content] ?? [];
}

/** What is being served, as it is edited. */
export function createMadeUpWorld() {
  const set = { cluster: new Map(), endpoints: new Map(), listener: new Map(), routes: new Map() } satisfies Record<
    Type,
    Map<string, number>
  >;
  return {
    edit({ type, name, content }: Edit): void {
      if (content === undefined) set[type].delete(name);
      else set[type].set(name, content);
    },
    /** Routes that name what is not there are left out, as translation does. */
    resources(): Resources {
      const routes = new Map(
        [...set.routes].filter(([name, at]) => clustersOf(name, at).every((one) => set.cluster.has(one))),
      );
      return {
        clusters: pick(pool.cluster, set.cluster),
        endpoints: pick(pool.endpoints, set.endpoints),
        listeners: pick(pool.listener, set.listener),
        routes: pick(pool.routes, routes),
      };
    },
  };
}

function pick<M>(from: ReadonlyMap<string, M>, set: ReadonlyMap<string, number>): readonly M[] {
  return [...set].flatMap(([name, content]) => from.get(`${name}${content}`) ?? []);
}

const items = new WeakMap<XdsResource, Item>();

export function itemOf(resource: XdsResource): Item {
  const { type, name, version, uses } = resource;
  const item = items.get(resource) ?? { type, name, version, uses, poisoned: poisoned.has(version) };
  items.set(resource, item);
  return item;
}

export function worldOf({ resources }: Snapshot): World {
  const of = (type: keyof World) => new Map([...resources[type]].map(([name, resource]) => [name, itemOf(resource)]));
  return Object.fromEntries(resourceTypes.map((type) => [type, of(type)])) as unknown as World;
}

/** All that there can ever be, by content. */
const packed = contents.map(
  (content) =>
    pack(
      {
        clusters: all(pool.cluster, content),
        endpoints: all(pool.endpoints, content),
        listeners: all(pool.listener, content),
        routes: all(pool.routes, content),
      },
      "all" as ViewerKey,
      0,
    ).resources,
);

const resourcesOf = (set: Snapshot["resources"]) => Object.values(set).flatMap((byName) => [...byName.values()]);

/** The versions of the last content, which clients reject. */
const poisoned = new Set(packed.slice(-1).flatMap((set) => resourcesOf(set).map(({ version }) => version)));

const byContent = new Map(
  packed.flatMap((set, index) =>
    resourcesOf(set).map((one) => [`${one.type} ${one.name} v${contents[index]}`, itemOf(one)]),
  ),
);

/** The resource that was made of this content. */
export function itemMadeOf(type: ResourceType, name: string, content: string): Item {
  const item = byContent.get(`${type} ${name} ${content}`);
  if (item === undefined) throw new Error(`nobody made up ${type} ${name} of ${content}`);
  return item;
}

function all<M>(from: ReadonlyMap<string, M>, content: number): readonly M[] {
  return pick(from, new Map(names.map((name) => [name, content])));
}
