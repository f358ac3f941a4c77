import { readFile } from "node:fs/promises";
import { createHealth } from "@weir/proto/grpc/health-service.ts";
import { Reports, Results } from "@weir/proto/report/v1/report_pb.ts";
import { authenticate, guardTenants } from "../api/admit-calls.ts";
import { trustCertificate, trustEveryone, trustHeader, trustLoopback } from "../api/authenticators.ts";
import { boundRequestBytes } from "../api/bound-request-bytes.ts";
import { intercept } from "../api/call-hooks.ts";
import type { CallNote } from "../api/call-note.ts";
import { type FaultNote, watchFaultFile } from "../api/fault-switch.ts";
import { type GrpcServer, type ServerTls, startGrpcServer } from "../api/grpc-server.ts";
import { answering } from "../api/handlers.ts";
import { identify, observeCalls, refuseCalls } from "../api/interceptors.ts";
import type { ArtifactNote } from "../api/made-elsewhere.ts";
import { createOperationsService } from "../api/operations-service.ts";
import type { ParseParts } from "../api/parse-create.ts";
import type { QueueParts } from "../api/queue-calls.ts";
import { reportLoad } from "../api/report-load.ts";
import { createReportsService } from "../api/reports-service.ts";
import { createResultsService } from "../api/results-service.ts";
import { unpackInTurn } from "../api/unpack-in-turn.ts";
import type { Callers, TlsFiles } from "../config/security.ts";
import type { Config } from "../config.ts";
import type { Shut } from "../model/circuit.ts";
import { sha256 } from "../model/content-key.ts";
import type { KindBook, ReportKind } from "../model/kind.ts";
import type { Authenticator } from "../ports/authenticator.ts";
import type { Bulletin } from "../ports/bulletin.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { RateLimiter } from "../ports/rate-limiter.ts";
import type { SignedUrls } from "../ports/signed-urls.ts";
import type { Stores } from "../ports/stores.ts";
import type { Tracer } from "../ports/tracer.ts";
import type { Vault } from "../ports/vault.ts";
import { shareFollowing } from "../results/share-following.ts";
import { gatherCreates } from "../writer/gather-creates.ts";

export type CallParts = {
  readonly stores: Stores;
  readonly objects: ObjectStore;
  readonly urls: SignedUrls | undefined;
  readonly limiter: RateLimiter | undefined;
  readonly bulletin: Bulletin | undefined;
  readonly kinds: KindBook;
  /** Why nothing of a kind is made now, as far as this server knows. */
  readonly shut: (kind: ReportKind) => Shut | undefined;
  readonly workersOf: QueueParts["workersOf"];
  readonly vault: Vault;
  readonly refusesNotice: ParseParts["refusesNotice"];
  readonly tracer: Tracer | undefined;
  readonly observe: (note: ArtifactNote | CallNote | FaultNote) => void;
};

export type Calls = {
  /** Where it listens, with the real port. */
  readonly address: string;
  /** Health says NOT_SERVING from now on. */
  refuseHealth(): void;
  /** Ends the calls that only wait for something. */
  endWaits(): void;
  shutDown: GrpcServer["shutDown"];
} & AsyncDisposable;

/**
 * What the roles `reports` and `results` answer. A server of neither listens all the same: whoever runs it asks for its
 * health.
 */
export async function serveCalls(config: Config, parts: CallParts): Promise<Calls> {
  const { stores, objects, urls, limiter, bulletin, kinds, shut, workersOf, vault, refusesNotice, tracer, observe } =
    parts;
  const { id, datacenter, lostDatacenters, zone, limits, retentionMs, roles } = config;
  await using starting = new AsyncDisposableStack();
  const leaving = new AbortController();
  const faults = starting.use(config.faultFile ? await watchFaultFile(config.faultFile, observe) : undefined);
  const reports = gatherCreates(shareFollowing(stores.reports, bulletin, stores.clock));

  // A plain hash of what is encrypted would tell those who can guess it.
  const fingerprint = ({ sensitive }: ReportKind) =>
    sensitive.length > 0 || config.encrypt === "all" ? vault.fingerprint : sha256;
  const answers = answering((cause) => observe({ kind: "call-broke", cause }), guardTenants(limiter));
  const { queue, uploads, clock } = stores;
  const createAlone = stores.reports.create;
  const written = {
    reports,
    clock,
    createAlone,
    shut,
    queue,
    uploads,
    objects,
    urls,
    kinds,
    datacenter,
    lostDatacenters,
    limits,
    retentionMs,
    fingerprint,
    refusesNotice,
  };
  const read = {
    ...{ reports, clock, queue, workersOf, objects, urls, datacenter, lostDatacenters },
    ...{ leaving: leaving.signal, watches: config.watchLimit, observe },
  };
  const isCalled = roles.has("reports") || roles.has("results");
  const health = createHealth([
    ...(roles.has("reports") ? [Reports.typeName] : []),
    ...(roles.has("results") ? [Results.typeName] : []),
  ]);
  const server = starting.use(
    await startGrpcServer(config.listen, {
      reports: roles.has("reports") ? createReportsService(written, answers) : undefined,
      results: roles.has("results") ? createResultsService(read, answers) : undefined,
      operations: isCalled
        ? createOperationsService({ reports, clock, leaving: leaving.signal, cancels: roles.has("reports") }, answers)
        : undefined,
      health: health.handlers,
      tls: config.tls && (await readTls(config.tls)),
      interceptors: [
        unpackInTurn(),
        boundRequestBytes(),
        intercept([
          identify(id, `${datacenter}/${zone}`),
          ...(config.loadReports ? [reportLoad()] : []),
          observeCalls(observe, tracer),
          ...(faults ? [refuseCalls(faults.fault)] : []),
          authenticate(authenticatorOf(config.callers)),
        ]),
      ],
    }),
  );

  const running = starting.move();
  return {
    address: server.address,
    refuseHealth: health.leave,
    endWaits: () => leaving.abort(),
    shutDown: server.shutDown,
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
