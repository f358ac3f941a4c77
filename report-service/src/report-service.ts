import type { CallNote } from "./api/call-note.ts";
import type { FaultNote } from "./api/fault-switch.ts";
import type { ArtifactNote } from "./api/made-elsewhere.ts";
import type { BrokerNote } from "./broker/broker-note.ts";
import { startCleaner } from "./cleaner/cleaner.ts";
import type { CleanerNote } from "./cleaner/cleaner-note.ts";
import type { Config } from "./config.ts";
import type { ObjectNote } from "./disk/object-server.ts";
import { readKinds } from "./kinds/read-kinds.ts";
import type { KindBook, Language, ReportKind } from "./model/kind.ts";
import type { NotifierNote } from "./notifier/notifier-note.ts";
import { createObjectsLook, type ObjectsBehind } from "./peers/objects-behind.ts";
import type { CacheNote } from "./ports/cache.ts";
import type { Clock, ClockNote } from "./ports/clock.ts";
import type { JobQueue } from "./ports/job-queue.ts";
import type { Notices } from "./ports/notices.ts";
import type { LookForOldTransactions } from "./ports/old-transactions.ts";
import type { PeerNote, PeerStore } from "./ports/peer-store.ts";
import type { ResultsQueue } from "./ports/results-queue.ts";
import type { Tracer } from "./ports/tracer.ts";
import type { TryWrite } from "./ports/try-write.ts";
import { drain } from "./presence/drain.ts";
import type { PresenceNote } from "./presence/registrar.ts";
import { openProviders } from "./providers.ts";
import type { RedisNote } from "./redis/redis-link.ts";
import { announce } from "./roles/announce.ts";
import { cleanPartsOf } from "./roles/clean.ts";
import { prepareNotifying } from "./roles/notify.ts";
import { serveCalls } from "./roles/serve-calls.ts";
import { startWorkers } from "./roles/work.ts";
import { openVault } from "./vault/open-vault.ts";
import { sealStores } from "./vault/sealed-stores.ts";
import type { WorkerCluster } from "./worker/worker-cluster.ts";
import type { WorkerNote } from "./worker/worker-note.ts";
import { startWriter } from "./writer/write-results.ts";
import type { WriterNote } from "./writer/writer-note.ts";

export type ServiceNote =
  | ArtifactNote
  | BrokerNote
  | CacheNote
  | CallNote
  | CleanerNote
  | ClockNote
  | FaultNote
  | NotifierNote
  | ObjectNote
  | PeerNote
  | PresenceNote
  | RedisNote
  | WorkerNote
  | WriterNote;

export type Parts = {
  readonly tracer: Tracer | undefined;
  readonly observe: (note: ServiceNote) => void;
};

export type ReportService = {
  /** Where it serves gRPC, with the real port. */
  readonly address: string;
  /** Where it serves objects by signed URLs, if it does. */
  readonly objects: string | undefined;
  readonly queue: JobQueue;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly tryWrite: TryWrite;
  readonly results: ResultsQueue;
  readonly peers: readonly PeerStore[];
  readonly objectsBehind: () => Promise<ObjectsBehind>;
  readonly lookForOldTransactions: LookForOldTransactions | undefined;
  /** Its workers, by language. */
  readonly clusters: readonly WorkerCluster[];
  /** Leaves, finishes what runs and stops, losing no request. */
  drain(): Promise<void>;
} & AsyncDisposable;

/** One server, which does what its roles say, over the providers that its configuration chooses. */
export async function startReportService(config: Config, { observe, tracer }: Parts): Promise<ReportService> {
  const { roles } = config;
  await using starting = new AsyncDisposableStack();
  const kinds = await loadKinds(config.kinds);
  const vault = await openVault(config);
  const { objectServer, ...providers } = starting.use(await openProviders(config, vault, observe));
  const stores = sealStores(providers.stores, vault, config.encrypt);
  const notifying = prepareNotifying(config, observe);
  const { refusesNotice } = notifying;
  const parts = { ...providers, stores, kinds, vault, refusesNotice, tracer, observe };

  // Calls are answered before there are workers.
  let clusters: readonly WorkerCluster[] = [];
  const shut = ({ name, cluster }: ReportKind) => clusters.find(({ language }) => language === cluster)?.shut(name);
  const workersOf = (cluster: Language) => clusters.find(({ language }) => language === cluster)?.status();
  const calls = starting.use(await serveCalls(config, { ...parts, shut, workersOf }));
  // Before the workers, so that it ends after them: they wait for what they hand over to be written.
  const writer = starting.use(
    roles.has("writer") ? startWriter({ ...parts, reports: stores.reports, clock: stores.clock }) : undefined,
  );
  const workers = starting.use(roles.has("worker") ? await startWorkers(config, parts) : undefined);
  clusters = workers?.clusters ?? [];
  const cleanParts = cleanPartsOf(config, providers, observe);
  starting.use(roles.has("cleaner") ? startCleaner(cleanParts, config.cleanEveryMs) : undefined);
  starting.use(roles.has("notifier") ? notifying.start(providers.stores) : undefined);
  const registration = starting.use(announce(config, calls.address, observe));

  const running = starting.move();
  return {
    address: calls.address,
    objects: objectServer?.url,
    queue: stores.queue,
    notices: stores.notices,
    clock: stores.clock,
    tryWrite: stores.tryWrite,
    results: providers.results,
    peers: providers.peers,
    objectsBehind: createObjectsLook({ ...config, ...providers, clock: stores.clock }),
    lookForOldTransactions: providers.lookForOldTransactions,
    clusters,
    drain: () =>
      drain(
        {
          registration,
          refuseHealth: calls.refuseHealth,
          async finishCalls(limit) {
            await Promise.all([calls.shutDown(limit), objectServer?.shutDown(limit)]);
          },
          async finishJobs(limit) {
            await workers?.drain(limit);
            await writer?.drain();
          },
          endWaits: calls.endWaits,
        },
        config.drainLimitMs,
      ),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function loadKinds(directory: string): Promise<KindBook> {
  const kinds = await readKinds(directory);
  if (kinds.ok) return kinds.value;
  const lines = kinds.problems.map(({ at, says }) => `${at}: ${says}`);
  throw new Error(`the report kinds in ${directory} cannot be used:\n${lines.join("\n")}`);
}
