import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Reports, Results } from "@weir/proto/report/v1/report_pb.ts";
import { authenticate, guardTenants } from "./api/admit-calls.ts";
import { trustCertificate, trustEveryone, trustHeader, trustLoopback } from "./api/authenticators.ts";
import type { CallNote } from "./api/call-note.ts";
import { type FaultNote, type FaultSwitch, watchFaultFile } from "./api/fault-switch.ts";
import { type ServerTls, startGrpcServer } from "./api/grpc-server.ts";
import { answering } from "./api/handlers.ts";
import { identify, observeCalls, refuseCalls } from "./api/interceptors.ts";
import { createOperationsService } from "./api/operations-service.ts";
import { createReportsService } from "./api/reports-service.ts";
import { createResultsService } from "./api/results-service.ts";
import { type CleanerNote, startCleaner } from "./cleaner/cleaner.ts";
import type { Callers, TlsFiles } from "./config/security.ts";
import type { Config } from "./config.ts";
import { readKinds } from "./kinds/read-kinds.ts";
import { sha256 } from "./model/content-key.ts";
import type { KindBook, ReportKind } from "./model/kind.ts";
import type { Authenticator } from "./ports/authenticator.ts";
import type { JobQueue } from "./ports/job-queue.ts";
import type { SignedUrls } from "./ports/signed-urls.ts";
import type { Tracer } from "./ports/tracer.ts";
import { createConsulRegistrar } from "./presence/consul-registrar.ts";
import { drain } from "./presence/drain.ts";
import { createHealth } from "./presence/health.ts";
import type { Instance, PresenceNote, Registrar } from "./presence/registrar.ts";
import { type Registration, startRegistration } from "./presence/registration.ts";
import { createWeirRegistrar } from "./presence/weir-registrar.ts";
import { openProviders } from "./providers.ts";
import { readKeyRing, readKeyRingNow } from "./vault/key-ring.ts";
import { sealStores } from "./vault/sealed-stores.ts";
import { createVault } from "./vault/vault.ts";
import { createSqlRuntime } from "./worker/runtimes/sql-runtime.ts";
import { startWorkerLoop } from "./worker/worker-loop.ts";
import type { WorkerNote } from "./worker/worker-note.ts";
import { gatherCreates } from "./writer/gather-creates.ts";

export type ServiceNote = CallNote | CleanerNote | FaultNote | PresenceNote | WorkerNote;

export type Parts = {
  /** How clients reach the object store by themselves; undefined where they cannot. */
  readonly urls?: SignedUrls;
  readonly tracer: Tracer | undefined;
  readonly observe: (note: ServiceNote) => void;
};

export type ReportService = {
  /** Where it serves gRPC, with the real port. */
  readonly address: string;
  readonly queue: JobQueue;
  /** Leaves, finishes what runs and stops, losing no request. */
  drain(): Promise<void>;
} & AsyncDisposable;

/** One server: the API, a worker and its place in the registry, over the store in `config.data`. */
export async function startReportService(config: Config, { observe, tracer, ...parts }: Parts): Promise<ReportService> {
  const { id, data, datacenter, zone, jobLeaseMs: leaseMs, limits, retentionMs } = config;
  await using starting = new AsyncDisposableStack();
  const kinds = await loadKinds(config.kinds);
  const keys = config.keys ?? join(data, "keys");
  const vault = createVault(await readKeyRing(keys), () => readKeyRingNow(keys));
  const { objects, limiter, ...providers } = starting.use(await openProviders(config));
  const stores = sealStores(providers.stores, vault, config.encrypt);
  const urls = parts.urls ?? providers.urls;
  const { queue, uploads, cleanUp } = stores;
  const reports = gatherCreates(stores.reports);
  const health = createHealth([Reports.typeName, Results.typeName]);
  const faults = starting.use(await followFaults(config.faultFile, observe));
  const leaving = new AbortController();

  // A plain hash of what is encrypted would tell those who can guess it.
  const fingerprint = ({ sensitive }: ReportKind) =>
    sensitive.length > 0 || config.encrypt === "all" ? vault.fingerprint : sha256;
  const guard = guardTenants(limiter);
  const answers = answering((cause) => observe({ kind: "call-broke", cause }), guard);
  const server = starting.use(
    await startGrpcServer(config.listen, {
      reports: createReportsService(
        { reports, queue, uploads, objects, urls, kinds, datacenter, limits, retentionMs, fingerprint },
        answers,
      ),
      operations: createOperationsService({ reports, leaving: leaving.signal }, answers),
      results: createResultsService({ reports, objects, urls, leaving: leaving.signal }, answers),
      health: health.handlers,
      tls: config.tls && (await readTls(config.tls)),
      interceptors: [
        identify(id, `${datacenter}/${zone}`),
        observeCalls(observe, tracer),
        ...(faults ? [refuseCalls(faults.fault)] : []),
        authenticate(authenticatorOf(config.callers)),
      ],
    }),
  );
  const runtime = createSqlRuntime({
    scratch: join(data, "scratch", id),
    sample: join(data, "sample", "sales-1.parquet"),
  });
  const jobParts = { reports, objects, kinds, runtime, leaseMs, tracer, observe };
  const worker = starting.use(
    startWorkerLoop(queue, { worker: id, datacenter, cluster: "sql", leaseMs, shares: config.shares }, jobParts),
  );
  starting.use(startCleaner({ cleanUp, objects }, observe));
  const registration = starting.use(register(config, server.address, observe));

  const running = starting.move();
  return {
    address: server.address,
    queue,
    drain: () =>
      drain(
        {
          registration,
          refuseHealth: health.leave,
          finishCalls: server.shutDown,
          finishJobs: worker.drain,
          endWaits: () => leaving.abort(),
        },
        config.drainLimitMs,
      ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function readTls({ cert, key, clientCa }: TlsFiles): Promise<ServerTls> {
  const read = (path: string) =>
    readFile(path).catch((cause: Error) => {
      throw new Error(`cannot read what TLS needs: ${cause.message}`, { cause });
    });
  return {
    cert: await read(cert),
    key: await read(key),
    clientCa: clientCa === undefined ? undefined : await read(clientCa),
  };
}

function authenticatorOf(callers: Callers): Authenticator {
  switch (callers.kind) {
    case "loopback":
      return trustLoopback;
    case "anyone":
      return trustEveryone;
    case "header":
      return trustHeader(callers.name);
    case "certificate":
      return trustCertificate;
  }
}

async function loadKinds(directory: string): Promise<KindBook> {
  const kinds = await readKinds(directory);
  if (kinds.ok) return kinds.value;
  const lines = kinds.problems.map(({ at, says }) => `${at}: ${says}`);
  throw new Error(`the report kinds in ${directory} cannot be used:\n${lines.join("\n")}`);
}

async function followFaults(path: string | undefined, observe: Parts["observe"]): Promise<FaultSwitch | undefined> {
  return path === undefined ? undefined : watchFaultFile(path, observe);
}

function register(config: Config, listening: string, observe: Parts["observe"]): Registration | undefined {
  const { announce, service, id, datacenter, zone, weight, metadata, registryLeaseSeconds: leaseSeconds } = config;
  if (announce.kind === "nowhere") return undefined;
  const address = config.advertise ?? listening;
  const instance: Instance = {
    service,
    id,
    address,
    locality: `${datacenter}/${zone}`,
    weight,
    metadata,
    leaseSeconds,
  };
  const registrar: Registrar =
    announce.kind === "weir"
      ? createWeirRegistrar(announce.url, instance)
      : createConsulRegistrar(announce.url, instance);
  return startRegistration(registrar, leaseSeconds, observe);
}
