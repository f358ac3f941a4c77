/** The little that the demo reads of the operator's API; /openapi.json has the whole. */
export type OperatorApi = {
  traffic(): Promise<{ readonly revision: number; readonly rows: readonly TrafficRow[] }>;
  newestRevision(): Promise<Revision | undefined>;
  /** Waits until every client has ACKed all that it is to hold now, at most `seconds`. */
  settled(seconds: number): Promise<{ readonly acked: number; readonly of: number }>;
  clients(): Promise<readonly ClientStatus[]>;
  /** What waits for each worker cluster of the report service; rejects where no server of it answers. */
  reportQueues(): Promise<readonly ReportQueue[]>;
};

export type ReportQueue = {
  /** `sql` */
  readonly cluster: string;
  readonly waiting: number;
  /** Absent: the store does not count them. */
  readonly running?: number;
  /** Workers that are at it, of the servers that answered. */
  readonly busy: number;
};

export type TrafficRow = {
  /** A locality pattern: which callers. */
  readonly from: string;
  /** A locality pattern, or `nearest`. */
  readonly to: string;
  readonly use: "share" | "nearest" | "standby";
  readonly weightPercent?: number;
  /** Those that stand there. */
  readonly endpoints: { readonly serving: number; readonly total: number };
};

export type Revision = { readonly revision: number; readonly at: string; readonly by: string; readonly reason: string };

export type ClientStatus = {
  readonly nodeId: string;
  readonly types: Readonly<Record<"CDS" | "EDS" | "LDS" | "RDS", { readonly status: string; readonly since: string }>>;
};

const service = "report";

/** `admin` is the operator's address; each call fails after ten seconds more than it may wait. */
export function createOperatorApi(admin: string, signal: AbortSignal): OperatorApi {
  const get = async <T>(path: string, withinMs = 10_000): Promise<T> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
    const answer = await fetch(admin + path, { signal: limit }).catch((cause: Error): never => {
      // What fetch itself says of a closed port is "fetch failed"; its cause knows.
      throw new Error(`no answer from ${admin}: ${(cause.cause as Error | undefined)?.message ?? cause.message}`, {
        cause,
      });
    });
    if (!answer.ok) throw new Error(`the control plane answered ${answer.status} to ${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    traffic: () => get(`/v1/traffic?service=${service}`),
    async newestRevision() {
      const { revisions } = await get<{ revisions: readonly Revision[] }>("/v1/revisions?limit=1");
      return revisions[0];
    },
    settled: (seconds) => get(`/v1/clients:settled?within=${seconds}s`, seconds * 1000 + 10_000),
    async clients() {
      const { clients } = await get<{ clients: readonly ClientStatus[] }>("/v1/clients");
      return clients;
    },
    async reportQueues() {
      const { queues } = await get<{ queues: readonly ReportQueue[] }>("/v1/report-queues");
      return queues;
    },
  };
}
