import assert from "node:assert/strict";
import { test } from "node:test";
import { clientGroups, withEveryKind } from "./client-groups.ts";
import { type EffectiveRow, effectiveOn } from "./effective-on.ts";

const policy = (spec: object) => ({
  kind: "TrafficPolicy" as const,
  spec: { targetRefs: [{ name: "report" }], ...spec },
});

/** `panicThreshold = 20 (default): grpc-go 1.85.0 x2 ignored` for each that does not obey. */
function differing(rows: readonly EffectiveRow[]): readonly string[] {
  return rows.flatMap(({ path, value, origin, on }) =>
    on
      .filter(({ effect }) => effect !== "obeyed")
      .map(
        ({ kind, version, clients, effect }) =>
          `${path} = ${JSON.stringify(value)} (${origin}): ${kind} ${version} x${clients} ${effect}`,
      ),
  );
}

test("a field that a kind of client ignores is told with how many of them are connected", () => {
  const clients = clientGroups([
    "envoy 1.40.0",
    "gRPC Node Pure JS 1.14.1",
    "gRPC Node Pure JS 1.14.1",
    "gRPC Go 1.85.0",
  ]);
  const rows = effectiveOn(policy({ loadBalancer: { type: "RoundRobin", slowStart: { window: "30s" } } }), clients);
  assert.deepEqual(
    differing(rows).filter((text) => text.startsWith("loadBalancer")),
    [
      'loadBalancer.slowStart = {"window":"30s"} (document): grpc-go 1.85.0 x1 ignored',
      'loadBalancer.slowStart = {"window":"30s"} (document): grpc-node 1.14.1 x2 ignored',
    ],
  );
});

test("defaults are told where somebody does not obey them, and never where everybody does", () => {
  const onEnvoy = effectiveOn(policy({}), clientGroups(["envoy 1.40.0"]));
  assert.deepEqual(differing(onEnvoy), []);
  assert.ok(onEnvoy.every(({ origin }) => origin === "document"));
  const onNode = differing(effectiveOn(policy({}), clientGroups(["gRPC Node Pure JS 1.14.1"])));
  assert.ok(onNode.includes("panicThreshold = 20 (default): grpc-node 1.14.1 x1 ignored"), onNode.join("\n"));
  assert.ok(onNode.includes('loadBalancer.type = "LeastRequest" (default): grpc-node 1.14.1 x1 approximated'));
});

test("a release older than a feature is told apart from one that has it", () => {
  const clients = clientGroups(["gRPC Java 1.48.0", "gRPC Java 1.76.0", "gRPC C-core linux C-core 28.1.0"]);
  const rows = effectiveOn(policy({ outlierDetection: { interval: "2s" } }), clients);
  assert.deepEqual(
    differing(rows).filter((text) => text.startsWith("outlierDetection.interval")),
    [
      'outlierDetection.interval = "2s" (document): grpc-java 1.48.0 x1 ignored',
      'outlierDetection.interval = "2s" (document): grpc-core 28.1.0 x1 ignored',
    ],
  );
});

test("what is switched off says nothing of its fields", () => {
  const rows = effectiveOn(
    policy({
      outlierDetection: { enabled: false, consecutive5xxErrors: 3 },
      retry: { attempts: 0, perTryTimeout: "1s" },
    }),
    clientGroups(["gRPC Go 1.85.0"]),
  );
  const paths = rows.map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => /^(outlierDetection|retry)/.test(path)),
    ["outlierDetection.enabled", "retry.attempts"],
  );
});

test("the same field can be obeyed at one value and not at another", () => {
  const node = clientGroups(["gRPC Node Pure JS 1.14.1"]);
  const effects = (baseInterval: string) =>
    effectiveOn(policy({ retry: { backOff: { baseInterval, maxInterval: "5s" } } }), node)
      .filter(({ path }) => path === "retry.backOff.baseInterval")
      .map(({ on }) => on[0]?.effect);
  assert.deepEqual(effects("200ms"), ["obeyed"]);
  assert.deepEqual(effects("1s"), ["approximated"]);
});

test("each entry of a list has rows of its own", () => {
  const rows = effectiveOn(
    { kind: "TrafficSplit", spec: { service: "report", rules: [{ to: { "dc-a": 100 } }, { prefer: "nearest" }] } },
    clientGroups(["gRPC Go 1.85.0"]),
  );
  assert.deepEqual(
    rows.map(({ path }) => path),
    ["service", "rules[0].to", "rules[1].prefer"],
  );
});

test("kinds of which none is connected are told as well, if asked for", () => {
  const groups = withEveryKind(clientGroups(["gRPC Go 1.85.0"]));
  assert.deepEqual(
    groups.map(({ kind, clients }) => `${kind} ${clients}`),
    ["envoy 0", "grpc-go 1", "grpc-java 0", "grpc-core 0", "grpc-node 0"],
  );
});

test("clients that each say another version make no more groups than can be shown", () => {
  const agents = Array.from({ length: 1_000 }, (_, index) => `gRPC Go 1.${index}.0`);
  const groups = clientGroups([...agents, "gRPC Go 1.85.0"]);
  assert.equal(groups.length, 21);
  assert.deepEqual(groups.at(-1), { kind: "grpc-go", version: "others", release: undefined, clients: 980 });
  assert.equal(groups.find(({ version }) => version === "1.85.0")?.clients, 2);
});
