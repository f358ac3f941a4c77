import { type ChannelCredentials, credentials as grpcCredentials, status } from "@grpc/grpc-js";
import {
  type AnsweredBy,
  createReportClient,
  ReportCallError,
  type ReportClient,
} from "@weir/report-service/src/client.ts";
import { ReportDeskError } from "../operator/report-desk.ts";

export type ReportAccess = {
  /** What a proxy knows the service as, where that is not its address. */
  readonly host: string | undefined;
  /** PEM; undefined: plaintext. */
  readonly tls: { readonly ca?: Buffer; readonly key?: Buffer; readonly cert?: Buffer } | undefined;
};

export type Silent = { readonly address: string; readonly why: string };

/** The servers of the report service, one of which is asked, or all of them. */
export type ReportServers = {
  /** Asks one, and others where it does not answer; all calls made so may be made twice. */
  any<T>(call: (client: ReportClient) => Promise<T>): Promise<T>;
  /** Asks all, up to `most`. */
  each<T>(call: (client: ReportClient) => Promise<{ readonly value: T; readonly by: AnsweredBy }>): Promise<{
    readonly told: readonly { readonly value: T; readonly by: AnsweredBy }[];
    readonly silent: readonly Silent[];
  }>;
} & Disposable;

const most = 32;
const tries = 3;

/** `addresses`: where they are now, asked before each call. */
export function createReportServers(
  addresses: () => readonly string[],
  { host, tls }: ReportAccess,
  where: string,
): ReportServers {
  const clients = new Map<string, ReportClient>();
  const credentials: ChannelCredentials = tls
    ? grpcCredentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
    : grpcCredentials.createInsecure();
  // The one that answered last is asked first.
  let best: string | undefined;

  function known(): readonly string[] {
    const now = [...new Set(addresses())];
    for (const [address, client] of clients) {
      if (now.includes(address)) continue;
      client[Symbol.dispose]();
      clients.delete(address);
    }
    const first = best !== undefined && now.includes(best) ? [best] : [];
    const all = [...first, ...now.filter((each) => each !== first[0])];
    if (all.length === 0)
      throw new ReportDeskError(
        "unreachable",
        `no server of the report service is known: ${where} has none that serves`,
      );
    return all;
  }

  function clientOf(address: string): ReportClient {
    const client =
      clients.get(address) ??
      createReportClient(address, credentials, {
        ...(host !== undefined && { "grpc.default_authority": host }),
        // A server that came back is to be asked soon: people look at this.
        "grpc.max_reconnect_backoff_ms": 2_000,
      });
    clients.set(address, client);
    return client;
  }

  return {
    async any(call) {
      const failures: string[] = [];
      for (const address of known().slice(0, tries)) {
        try {
          const answer = await call(clientOf(address));
          best = address;
          return answer;
        } catch (cause) {
          if (!(cause instanceof ReportCallError)) throw cause;
          if (!isAway(cause)) throw deskError(cause);
          failures.push(`${address}: ${cause.message}`);
          if (best === address) best = undefined;
        }
      }
      throw new ReportDeskError("unreachable", `the report service (${where}) does not answer: ${failures.join("; ")}`);
    },
    async each(call) {
      const asked = known().slice(0, most);
      const answers = await Promise.allSettled(asked.map((address) => call(clientOf(address))));
      const told = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      const silent = answers.flatMap(({ status: how, ...answer }, index): readonly Silent[] => {
        if (how === "fulfilled") return [];
        const { reason } = answer as PromiseRejectedResult;
        return [{ address: asked[index] ?? "", why: reason instanceof Error ? reason.message : String(reason) }];
      });
      const failures = silent.map(({ address, why }) => `${address}: ${why}`);
      if (told.length === 0)
        throw new ReportDeskError(
          "unreachable",
          `the report service (${where}) does not answer: ${failures.join("; ")}`,
        );
      return { told, silent };
    },
    [Symbol.dispose]() {
      for (const client of clients.values()) client[Symbol.dispose]();
      clients.clear();
    },
  };
}

/** Another server may answer. */
function isAway({ code, reason }: ReportCallError): boolean {
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) return true;
  // Of a connection that broke; what a server says itself has a reason.
  return reason === undefined && (code === status.INTERNAL || code === status.UNKNOWN || code === status.CANCELLED);
}

/** What the report service answered instead of OK. */
export function deskError(cause: ReportCallError): ReportDeskError {
  const { code, message, reason, violations, retryAfterMs } = cause;
  const more = { reason, violations, retryAfterMs };
  switch (code) {
    case status.INVALID_ARGUMENT:
    case status.OUT_OF_RANGE:
      return new ReportDeskError("invalid", message, more);
    case status.NOT_FOUND:
      return new ReportDeskError("not-found", message, more);
    case status.FAILED_PRECONDITION:
    case status.ALREADY_EXISTS:
      return new ReportDeskError("not-now", message, more);
    case status.ABORTED:
      return new ReportDeskError("changed", message, more);
    case status.RESOURCE_EXHAUSTED:
      return new ReportDeskError("too-much", message, more);
    case status.UNIMPLEMENTED:
      return new ReportDeskError("not-there", message, more);
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return new ReportDeskError("refuses-us", `the report service refuses this control plane: ${message}`, more);
    default:
      return new ReportDeskError("unreachable", message, more);
  }
}
