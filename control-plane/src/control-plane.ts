import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config, TlsFiles } from "./config.ts";
import { joinWorlds } from "./join-worlds.ts";
import { createLatest, type Latest } from "./lib/latest.ts";
import { paced } from "./lib/paced.ts";
import { aborted, pause } from "./lib/wait.ts";
import { loadReporting } from "./load-reporting.ts";
import type { World } from "./model/world.ts";
import { logins } from "./operator/auth/logins.ts";
import { openTokens } from "./operator/auth/tokens.ts";
import { failoversActive } from "./operator/failovers-active.ts";
import { observedRatios } from "./operator/observed-traffic.ts";
import { startOperator } from "./operator/operator-server.ts";
import type { OperatorParts } from "./operator/parts.ts";
import { startOperatorGrpc } from "./operator-grpc/grpc-server.ts";
import { operatorParts } from "./operator-parts.ts";
import { openActs } from "./policy/acts.ts";
import { createFilePolicyStore } from "./policy/file-policy-store.ts";
import { createSharedPolicyStore } from "./policy/shared/shared-policy-store.ts";
import { watchDirectory } from "./policy/watch-directory.ts";
import { openReportDesk } from "./reports/open-report-desk.ts";
import { startRunning } from "./running/start-running.ts";
import { startAds } from "./serve/ads-server.ts";
import { createConnectedClients } from "./serve/connected-clients.ts";
import { csdsService } from "./serve/csds/csds-service.ts";
import { createTurns, type Turns } from "./serve/turns.ts";
import { viewerOfNode } from "./serve/viewer-of-node.ts";
import { askPrometheus, askPrometheusRange } from "./shift/ask-prometheus.ts";
import { createBaselines } from "./shift/baseline.ts";
import { keepLoadHistory } from "./shift/load-history.ts";
import { runShifts } from "./shift/run-shifts.ts";
import { leasedViewers } from "./snapshot/leased-viewers.ts";
import { createSnapshots } from "./snapshot/snapshots.ts";
import { booksWithDiscovered } from "./sources/consul/books-with-discovered.ts";
import { createConsulSource } from "./sources/consul/consul-source.ts";
import type { FeedStates } from "./sources/feed.ts";
import { createFileSource } from "./sources/file/file-source.ts";
import { followFeeds } from "./sources/follow-feeds.ts";
import { addressRule } from "./sources/guard/address-rule.ts";
import { createGuarding } from "./sources/guard/guarding.ts";
import { shareConfirmations } from "./sources/guard/shared-confirmations.ts";
import { createKubernetesSource } from "./sources/kubernetes/kubernetes-source.ts";
import { createRegistry } from "./sources/registry/registry.ts";
import { openSavedWorld } from "./sources/saved-world.ts";
import { createPlanShelf } from "./store/plan-shelf.ts";
import { createStoreClock } from "./store/store-clock.ts";
import { certificateExpiry } from "./telemetry/certificate-expiry.ts";
import { followConvergence } from "./telemetry/follow-convergence.ts";
import type { Observe } from "./telemetry/note.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";
import { createTranslate } from "./translate/translate.ts";

export type Ready = { readonly ready: true; readonly xds: string; readonly admin: string; readonly grpc?: string };

/** What of the process a control plane uses. */
export type Surroundings = {
  readonly version: string;
  readonly stderr: NodeJS.WritableStream;
  /** Told once: from now on clients are served. */
  readonly ready: (ready: Ready) => void;
};

/** Runs a control plane until the signal aborts. Rejects when it cannot start; what was started is closed in reverse order. */
export async function runControlPlane(
  config: Config,
  { version, stderr, ready }: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  await using telemetry = await startTelemetry(config.telemetry, stderr);
  const { observe } = telemetry;
  const monotonicMs = () => performance.now();
  const clock = createStoreClock({
    wallMs: Date.now,
    monotonicMs,
    differs: (aheadMs) => observe({ kind: "clock-differs", aheadMs }),
  });
  const { now } = clock;
  const started = monotonicMs();
  // What goes on in the background ends with the run, also when a later start fails.
  using ending = new DisposableStack();
  const end = new AbortController();
  ending.defer(() => end.abort());
  const running = AbortSignal.any([signal, end.signal]);

  const { store } = config;
  // Loaded for who has one: the consul package takes 20 ms.
  await using kv =
    store === undefined ? undefined : await (await import("./store/consul-kv.ts")).createConsulKv(store, clock.heard);
  const documents = { dir: join(config.data.path, "documents"), observe, now };
  await using policies =
    kv === undefined || store === undefined
      ? await createFilePolicyStore(documents)
      : await createSharedPolicyStore({ ...documents, kv, prefix: store.prefix, monotonicMs });
  await using acts = await openActs(documents);
  const { path: directory } = config.resources;
  // First the documents: a world made before they were read would tell every client that all is gone.
  await using _directory =
    directory === undefined ? undefined : await watchDirectory({ dir: directory, store: policies, observe, now });
  await using registry = await createRegistry({
    ...{ dir: join(config.data.path, "registry"), now, monotonicMs, observe },
    shared: kv && store && { kv, prefix: store.prefix },
  });
  await using consul = createConsulSource({ datacenters: config.datacenters, observe, monotonicMs });
  await using kubernetes = createKubernetesSource({ clusters: config.clusters, observe });
  const file = createFileSource({ dir: directory });
  await using saved = await openSavedWorld({ file: join(config.data.path, "world.json"), observe });
  await using found = await consul.discover(config.discover, join(config.data.path, "discovered.json"), running);
  const allows = addressRule(config.guard.allow);
  const joined = joinWorlds(
    {
      books: booksWithDiscovered(policies.books, found.discovered, running),
      configured: {
        consul: config.datacenters.map(({ name }) => name),
        kubernetes: config.clusters.map(({ name }) => name),
      },
      follow: (demand) =>
        followFeeds(
          {
            demand,
            watch: {
              file: file.watch,
              registry: registry.watch,
              consul: consul.watch,
              kubernetes: kubernetes.watch,
            },
            saved: saved.feeds,
            observe,
            now,
          },
          running,
        ),
      guarding: createGuarding({ settings: config.guard, allows, saved: saved.feeds, monotonicMs, observe }),
      distances: consul.distances(config.distances, running),
      observe,
      now,
      monotonicMs,
    },
    running,
  );

  void keepAll(joined.knowledge, saved.keep, running);

  const published = createLatest<World>();
  const translate = createTranslate();
  const snapshots = createSnapshots({ translate, published, observe });
  const { lease, leased } = leasedViewers(snapshots.lease);
  void publishAll(joined.worlds, config.xds.debounce, { publish: snapshots.publish, observe, monotonicMs }, running);
  const clients = createConnectedClients();

  const admission = { identify: viewerOfNode, refuse: () => undefined };
  const { limits, ackTimeoutMs, loadReports } = config.xds;
  const { maxIdleMs: firstRequestTimeoutMs } = limits;
  const reporting = loadReporting({
    published,
    ...{ ...admission, ...loadReports, firstRequestTimeoutMs, observe, monotonicMs },
  });

  const xdsTls = config.xds.tls && (await tlsOf(config.xds.tls, "xds.tls"));
  await using ads = await startAds(
    { ...config.xds.address, tls: xdsTls, limits },
    {
      lease,
      ...admission,
      clients,
      turns: timedTurns(createTurns(), observe, monotonicMs),
      observe,
      now,
      ackTimeoutMs,
    },
    [reporting.service, csdsService({ clients, silenceMs: firstRequestTimeoutMs, observe })],
  );
  const xds = addressText(ads);
  observe({ kind: "listening", server: "xds", address: xds });
  runShifts(
    {
      ...{ policies, books: policies.books, loads: reporting.loads.observed, now, observe },
      ask: config.shift.prometheus === undefined ? undefined : askPrometheus(config.shift.prometheus),
    },
    running,
  );
  const ran = startRunning(
    {
      ...{ clients, serviceOf: reporting.serviceOf, settings: config.clients.admin },
      ...{ observe, now, monotonicMs },
    },
    running,
  );
  using reports = await openReportDesk(config.reports, published);
  const parts = operatorParts({
    policies,
    registry,
    acts,
    clients,
    loads: reporting.loads,
    running: ran,
    joined,
    allows,
    confirmations: kv && store && shareConfirmations({ kv, prefix: store.prefix, confirm: joined.confirm }, running),
    published,
    leased,
    translate,
    baselineOf: createBaselines({
      history: keepLoadHistory(reporting.loads, running),
      ask: config.shift.prometheus === undefined ? undefined : askPrometheusRange(config.shift.prometheus),
      now,
    }),
    plans: createPlanShelf({ now, shared: kv && store && { kv, prefix: store.prefix } }, running),
    reports,
    metrics: telemetry.metrics,
    logs: { level: telemetry.logLevel, setLevel: telemetry.setLogLevel },
    version,
    now,
  });
  const { address, hosts, tls, auth } = config.admin;
  // Loaded for who has one: jose takes its time.
  const oidc =
    auth.oidc && (await import("./operator/auth/open-oidc.ts")).openOidc(auth.oidc, { observe, now, monotonicMs });
  const tokens = logins({
    tokens: auth.tokens === undefined ? undefined : await openTokens({ file: auth.tokens, observe, now }),
    oidc,
  });
  const adminTls = tls && (await tlsOf(tls, "admin.tls"));
  await using operator = await startOperator({
    ...{ listen: address, hosts, parts, observe, tokens, tls: adminTls },
    login: oidc?.login,
  });
  const admin = addressText({ host: operator.address, port: operator.port });
  observe({ kind: "listening", server: "admin", address: admin });
  if (!tokens) observe({ kind: "operator-open", address: admin });
  await using operatorGrpc =
    config.admin.grpc &&
    (await startOperatorGrpc({
      ...{ listen: config.admin.grpc.address, app: operator, tls: adminTls, observe },
      isReady: () => parts.readiness().ready,
    }));
  const grpc = operatorGrpc && addressText({ host: operatorGrpc.address, port: operatorGrpc.port });
  if (grpc !== undefined) observe({ kind: "listening", server: "admin-grpc", address: grpc });
  telemetry.readGaugesFrom({
    clients: clients.list,
    sources: parts.sources,
    store: policies.status,
    findings: parts.planning.lastFindings,
    guard: parts.guard.rows,
    world: published.current,
    loads: reporting.loads,
    observed: () => observedRatios(published.current(), reporting.loads.observed()),
    running: ran,
    failovers: () => failoversActive(published.current(), reporting.loads.observed()),
    certificates: expiriesOf([
      ["xds", xdsTls?.certificates],
      ["xds-client-ca", xdsTls?.clientAuthorities],
      ["admin", adminTls?.certificates],
    ]),
    now,
  });
  void followConvergence({ published, journal: policies.journal, settled: clients.settled, observe, now }, running);

  void tellWhatIsWaitedFor(parts.readiness, observe, running);
  for await (const { revision, catalog } of published.changes(running)) {
    observe({ kind: "serving", revision, services: catalog.size, afterMs: monotonicMs() - started });
    ready({ ready: true, xds, admin, ...(grpc !== undefined && { grpc }) });
    break;
  }
  await aborted(signal);
  observe({ kind: "stopping", cause: "asked to" });
}

// Sources that answer at all answer sooner; a start that takes longer is worth a line.
const patienceMs = 1_000;

async function tellWhatIsWaitedFor(
  readiness: OperatorParts["readiness"],
  observe: Observe,
  signal: AbortSignal,
): Promise<void> {
  await pause(patienceMs, signal);
  const { ready, waitingFor } = readiness();
  if (!ready && !signal.aborted) observe({ kind: "waiting", for: waitingFor });
}

async function keepAll(
  knowledge: Latest<{ readonly believed: FeedStates }>,
  keep: (states: FeedStates) => void,
  signal: AbortSignal,
): Promise<void> {
  // What is believed and not what is said: what is held back now is what the next run is to measure against.
  for await (const { believed } of knowledge.changes(signal)) keep(believed);
}

async function publishAll(
  worlds: Latest<World>,
  debounce: Config["xds"]["debounce"],
  {
    publish,
    observe,
    monotonicMs,
  }: {
    readonly publish: (world: World) => void;
    readonly observe: Observe;
    readonly monotonicMs: () => number;
  },
  signal: AbortSignal,
): Promise<void> {
  let changedMs: number | undefined;
  void (async () => {
    for await (const _ of worlds.changes(signal)) changedMs ??= monotonicMs();
  })();
  for await (const world of paced(worlds, debounce, signal)) {
    observe({ kind: "debounced", waitedMs: changedMs === undefined ? 0 : monotonicMs() - changedMs });
    changedMs = undefined;
    publish(world);
  }
}

/** The same turns, and how long each was waited for is told. */
function timedTurns({ enqueue }: Turns, observe: Observe, monotonicMs: () => number): Turns {
  return {
    enqueue(work) {
      const sinceMs = monotonicMs();
      enqueue(() => {
        observe({ kind: "turn-taken", waitedMs: monotonicMs() - sinceMs });
        work();
      });
    },
  };
}

function expiriesOf(
  files: readonly (readonly [string, string | Buffer | undefined])[],
): readonly { readonly certificate: string; readonly expires: Date }[] {
  return files.flatMap(([certificate, pem]) => {
    const expires = pem && certificateExpiry(pem);
    return expires ? [{ certificate, expires }] : [];
  });
}

/** `setting` is where the names of the files stand, such as `xds.tls`. */
async function tlsOf({ certFile, keyFile, clientCAFile }: TlsFiles, setting: string) {
  const [certificates, key, clientAuthorities] = await Promise.all([
    readPem(certFile, `${setting}.certFile`),
    readPem(keyFile, `${setting}.keyFile`),
    clientCAFile === undefined ? undefined : readPem(clientCAFile, `${setting}.clientCAFile`),
  ]);
  return { certificates, key, clientAuthorities };
}

async function readPem(file: string, setting: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Error(`${setting}: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
