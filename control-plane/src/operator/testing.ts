import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinWorlds } from "../join-worlds.ts";
import { createLatest } from "../lib/latest.ts";
import { anywhere, loopbackRanges } from "../model/address-range.ts";
import { operatorParts } from "../operator-parts.ts";
import { openActs } from "../policy/acts.ts";
import { createFilePolicyStore } from "../policy/file-policy-store.ts";
import { type RunningSettings, startRunning } from "../running/start-running.ts";
import { type ConnectedClients, createConnectedClients } from "../serve/connected-clients.ts";
import { createLoads, type Loads } from "../serve/loads/loads.ts";
import { createBaselines } from "../shift/baseline.ts";
import { keepLoadHistory } from "../shift/load-history.ts";
import { runShifts } from "../shift/run-shifts.ts";
import { createConsulSource } from "../sources/consul/consul-source.ts";
import { createFileSource } from "../sources/file/file-source.ts";
import { followFeeds } from "../sources/follow-feeds.ts";
import { addressRule } from "../sources/guard/address-rule.ts";
import { guardSettings as settings } from "../sources/guard/guard-settings.ts";
import { createGuarding } from "../sources/guard/guarding.ts";
import { createKubernetesSource } from "../sources/kubernetes/kubernetes-source.ts";
import { createRegistry } from "../sources/registry/registry.ts";
import { createPlanShelf } from "../store/plan-shelf.ts";
import { createTranslate } from "../translate/translate.ts";
import type { OperatorParts } from "./parts.ts";

/** All of a control plane that the operator's side sees, real, in a folder of its own; clients are entered by the test. */
export type TestParts = AsyncDisposable & {
  readonly parts: OperatorParts;
  readonly clients: ConnectedClients;
  readonly loads: Loads;
  readonly history: { readonly take: () => void };
};

export async function startTestParts({
  runningSettings = { allow: [], intervalMs: 50, timeoutMs: 2_000, concurrency: 4 },
}: {
  /** Nobody is asked what he runs, unless told. */
  readonly runningSettings?: RunningSettings;
} = {}): Promise<TestParts> {
  const dir = await mkdtemp(join(tmpdir(), "weir-operator-"));
  const stop = new AbortController();
  const now = () => new Date();
  const monotonicMs = () => performance.now();
  const observe = () => undefined;
  const allows = addressRule([...anywhere, ...loopbackRanges]);
  const policies = await createFilePolicyStore({ dir: join(dir, "documents"), observe, now });
  const acts = await openActs({ dir: join(dir, "documents"), observe, now });
  const registry = await createRegistry({
    dir: join(dir, "registry"),
    now,
    monotonicMs,
    observe,
  });
  const file = createFileSource({ dir: undefined });
  const consul = createConsulSource({ datacenters: [], observe, monotonicMs });
  const kubernetes = createKubernetesSource({ clusters: [], observe });
  const joined = joinWorlds(
    {
      books: policies.books,
      configured: { consul: [], kubernetes: [] },
      follow: (demand) =>
        followFeeds(
          {
            demand,
            watch: { file: file.watch, consul: consul.watch, kubernetes: kubernetes.watch, registry: registry.watch },
            observe,
            now,
          },
          stop.signal,
        ),
      guarding: createGuarding({ settings, allows, saved: new Map(), monotonicMs, observe }),
      distances: createLatest(),
      observe,
      now,
      monotonicMs,
    },
    stop.signal,
  );
  const clients = createConnectedClients();
  const loads = createLoads({ now: monotonicMs, serviceOf: (cluster) => cluster });
  const { books } = policies;
  const history = keepLoadHistory(loads, stop.signal);
  runShifts({ policies, books, loads: loads.observed, ask: undefined, now, observe }, stop.signal);
  const running = startRunning(
    { clients, serviceOf: (cluster) => cluster, settings: runningSettings, observe, now, monotonicMs },
    stop.signal,
  );
  const metrics = async () => ({ contentType: "text/plain; version=0.0.4", text: "config_revision 1\n" });
  let logLevel: ReturnType<OperatorParts["logs"]["level"]> = "info";
  const parts = operatorParts({
    policies,
    registry,
    acts,
    clients,
    loads,
    running,
    joined,
    allows,
    confirmations: undefined,
    published: joined.worlds,
    leased: () => [],
    translate: createTranslate(),
    plans: createPlanShelf({ now, shared: undefined }, stop.signal),
    baselineOf: createBaselines({ history, ask: undefined, now }),
    metrics,
    logs: {
      level: () => logLevel,
      setLevel(next) {
        logLevel = next;
      },
    },
    version: "0.0.0-test",
    now,
  });
  return {
    parts,
    clients,
    loads,
    history,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await consul[Symbol.asyncDispose]();
      await kubernetes[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await acts[Symbol.asyncDispose]();
      await policies[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
