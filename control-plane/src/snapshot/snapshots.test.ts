import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type Cluster, ClusterSchema } from "@weir/proto/envoy/config/cluster/v3/cluster_pb.ts";
import { createLatest } from "../lib/latest.ts";
import { unknownLocality } from "../model/locality.ts";
import { parseServiceName, type ServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import type { World } from "../model/world.ts";
import type { Translate } from "../translate/resource-set.ts";
import { createSnapshots, type SnapshotNote } from "./snapshots.ts";

const grpc: Viewer = { flavour: "grpc", locality: unknownLocality, grpc: { implementation: "other", lacks: [] } };
const worldAt = (revision: number): World => ({
  revision,
  catalog: new Map(),
  splits: new Map(),
  policies: new Map(),
  routes: [],
  held: new Map(),
  distances: new Map(),
});

/** Snapshots of a translation that gives each revision the clusters named here. */
function snapshotsOf(clusters: Readonly<Record<number, readonly Cluster[]>>) {
  const notes: SnapshotNote[] = [];
  const translate: Translate = ({ revision }) => {
    const found = clusters[revision];
    if (found === undefined) throw new Error(`revision ${revision} cannot be translated`);
    return { resources: { clusters: found, endpoints: [], listeners: [], routes: [] }, leftOut: new Map() };
  };
  const snapshots = createSnapshots({
    translate,
    published: createLatest<World>(),
    observe: (note) => notes.push(note),
    // Stands still: everything is made at once, however busy the machine is.
    clock: () => 0,
  });
  return { snapshots, notes };
}

const cluster = (name: string, altStatName = "") => create(ClusterSchema, { name, altStatName });

test("a step names what changed and links to the step before", () => {
  const [a, b] = [cluster("a"), cluster("b")];
  const { snapshots } = snapshotsOf({ 1: [a, b], 2: [a, cluster("b", "changed")], 3: [a] });
  snapshots.publish(worldAt(1));
  const lease = snapshots.lease(grpc, () => {});
  const first = lease.current();
  snapshots.publish(worldAt(2));
  snapshots.publish(worldAt(3));
  const changes = [first?.following, first?.following?.following].map((step) =>
    step?.changes.map(({ changed, removed }) => ({ changed: changed.map(({ name }) => name), removed })),
  );
  assert.deepEqual(changes, [[{ changed: ["b"], removed: [] }], [{ changed: [], removed: ["b"] }]]);
  assert.equal(lease.current(), first?.following?.following);
});

test("a world that changes nothing for a viewer makes no step and wakes nobody", () => {
  const a = cluster("a");
  const { snapshots } = snapshotsOf({ 1: [a], 2: [create(ClusterSchema, a)] });
  snapshots.publish(worldAt(1));
  let woken = 0;
  const lease = snapshots.lease(grpc, () => woken++);
  const first = lease.current();
  snapshots.publish(worldAt(2));
  assert.equal(lease.current(), first);
  assert.equal(woken, 0);
});

test("a translation that throws costs one snapshot: the last good one stays and the cause is told", () => {
  const { snapshots, notes } = snapshotsOf({ 1: [cluster("a")], 3: [cluster("b")] });
  snapshots.publish(worldAt(1));
  const lease = snapshots.lease(grpc, () => {});
  const good = lease.current();
  snapshots.publish(worldAt(2));
  assert.equal(lease.current(), good);
  assert.match(notes.flatMap((note) => (note.kind === "withheld" ? [note.cause.message] : [])).join(), /revision 2/);
  snapshots.publish(worldAt(3));
  assert.deepEqual([...(lease.current()?.snapshot.resources.cluster.keys() ?? [])], ["b"]);
});

test("a viewer that comes back finds its steps continued", () => {
  const { snapshots } = snapshotsOf({ 1: [cluster("a")], 2: [cluster("a"), cluster("b")] });
  snapshots.publish(worldAt(1));
  const gone = snapshots.lease(grpc, () => {});
  const first = gone.current();
  gone[Symbol.dispose]();
  snapshots.publish(worldAt(2));
  assert.equal(first?.following, undefined, "nobody holds it, so nothing was translated");
  const back = snapshots.lease(grpc, () => {});
  assert.equal(first?.following, back.current());
});

test("equal content has equal versions, whoever made it", () => {
  const version = () => {
    const { snapshots } = snapshotsOf({ 1: [cluster("a"), cluster("b")] });
    snapshots.publish(worldAt(1));
    const snapshot = snapshots.lease(grpc, () => {}).current()?.snapshot;
    return [snapshot?.sums.cluster, snapshot?.resources.cluster.get("a")?.version];
  };
  assert.deepEqual(version(), version());
});

test("a route to a cluster that is not there is told before it is published", () => {
  const { snapshots, notes } = snapshotsOf({
    1: [create(ClusterSchema, { name: "a", edsClusterConfig: { serviceName: "nowhere" } })],
  });
  snapshots.publish(worldAt(1));
  snapshots.lease(grpc, () => {});
  assert.deepEqual(
    notes.filter(({ kind }) => kind === "dangling"),
    [{ kind: "dangling", viewer: "grpc/other/", from: "cluster a", to: "nowhere" }],
  );
});

/** Snapshots of a translation of which each revision takes so many milliseconds of a clock of its own. */
function slowSnapshots(tookMs: number) {
  let now = 0;
  const published = createLatest<World>();
  const made = (revision: number) => cluster("a", String(revision));
  const whole: Translate = ({ revision }) => ({
    resources: { clusters: [made(revision)], endpoints: [], listeners: [], routes: [] },
    leftOut: new Map(),
  });
  const translate = Object.assign(whole, {
    *ahead({ revision }: World) {
      for (let ms = 0; ms < tookMs; ms += 1) {
        now += 1;
        yield made(revision);
      }
    },
  });
  return {
    snapshots: createSnapshots({ translate, published, observe: () => undefined, clock: () => now }),
    published,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what takes longer than a slice is made over several turns, and who waits for it is woken", async () => {
  const { snapshots } = slowSnapshots(30);
  snapshots.publish({ ...worldAt(1), catalog: manyServices() });
  let woken = 0;
  const lease = snapshots.lease(grpc, () => woken++);
  assert.deepEqual([lease.current(), lease.pending(), woken], [undefined, true, 0]);
  let turns = 0;
  for (; lease.pending(); turns += 1) await turn();
  assert.ok(turns >= 3, `${turns} turns`);
  assert.deepEqual([lease.current()?.snapshot.revision, woken], [1, 1]);
  const short = slowSnapshots(30).snapshots;
  short.publish(worldAt(1));
  assert.equal(short.lease(grpc, () => undefined).pending(), false);
});

test("a world counts as published once every leased viewer has it, and the newest one is what they are given", async () => {
  const { snapshots, published } = slowSnapshots(30);
  snapshots.publish(worldAt(1));
  const lease = snapshots.lease(grpc, () => undefined);
  while (lease.pending()) await turn();
  snapshots.publish({ ...worldAt(2), catalog: manyServices() });
  await turn();
  assert.equal(published.current()?.revision, 1);
  assert.equal(lease.current()?.snapshot.revision, 1, "until then it keeps what it has");
  snapshots.publish({ ...worldAt(3), catalog: manyServices() });
  while (published.current()?.revision !== 3) await turn();
  assert.equal(lease.current()?.snapshot.revision, 3);
  assert.deepEqual(
    lease.current()?.changes.map(({ type }) => type),
    ["cluster"],
  );
});

test("a viewer that comes back is not given what is old, and is woken also when nothing has changed", async () => {
  const { snapshots } = slowSnapshots(30);
  snapshots.publish({ ...worldAt(1), catalog: manyServices() });
  const gone = snapshots.lease(grpc, () => undefined);
  while (gone.pending()) await turn();
  gone[Symbol.dispose]();
  snapshots.publish({ ...worldAt(1), catalog: manyServices() });
  let woken = 0;
  const back = snapshots.lease(grpc, () => woken++);
  assert.equal(back.current(), undefined);
  while (back.pending()) await turn();
  assert.deepEqual([back.current()?.snapshot.revision, woken], [1, 1]);
});

/** More than are translated at once. */
function manyServices(): World["catalog"] {
  const names = Array.from({ length: 30 }, (_, index) => parseServiceName(`s${index}`) as ServiceName);
  return new Map(names.map((name) => [name, serviceNamed(name)]));
}

function serviceNamed(name: ServiceName): Service {
  const localityRules = { regionFrom: "datacenter", zoneFrom: [] } as const;
  const spec = { name, protocol: "grpc", hosts: [name], origins: [], localityRules, subsets: [], capacity: undefined };
  return { spec: spec as Service["spec"], endpoints: [] };
}
