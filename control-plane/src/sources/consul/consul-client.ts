import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { type ChangingFile, changingFile } from "./changing-file.ts";
import { type ConsulAnswer, ConsulStatusError, requestConsul } from "./consul-request.ts";

/** How a Consul is reached. */
export type ConsulAccess = {
  /** `https://consul-1.dc-a:8501`: agents or servers of this or of any data center federated with it, the best first. */
  readonly addresses: readonly string[];
  /** Holds an ACL token; read again when it changes. */
  readonly tokenFile: string | undefined;
  readonly tls: ConsulTls | undefined;
};

/** PEM files, read again when they change. */
export type ConsulTls = {
  /** The authorities that sign Consul's certificates; the system's unless told. */
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The name in Consul's certificate, where it is not that of the address: `server.dc1.consul`. */
  readonly serverName: string | undefined;
};

export type ConsulQuestion = {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly timeLimitMs: number;
  /** False where Consul has no index to give. */
  readonly isIndexed?: boolean;
};

export type ConsulClient = Disposable & {
  /** Asks the address that answered last, and every other before it gives up. */
  get(question: ConsulQuestion, signal: AbortSignal): Promise<ConsulAnswer>;
};

export type ConsulClientLimits = {
  readonly connectMs: number;
  readonly answerMs: number;
  readonly answerBytes: number;
  /** An answer of a server that heard from its leader longer ago is no answer. */
  readonly lastContactMs: number;
  /** How often files (token, certificates) are looked at for a change, at most. */
  readonly fileMs: number;
  /** How often an address that stands before the one in use is tried. */
  readonly returnMs: number;
};

export type FailedOver = { readonly from: string; readonly to: string; readonly cause: Error };

/**
 * A client of one Consul, with its own connections: what hangs there holds nobody else up. An address that fails, knows no
 * leader or has not heard from it for long is left for the next one; it is gone back to once it is well again.
 */
export function createConsulClient(
  { addresses, tokenFile, tls }: ConsulAccess,
  {
    limits,
    failedOver,
    monotonicMs,
  }: {
    readonly limits: ConsulClientLimits;
    readonly failedOver: (note: FailedOver) => void;
    readonly monotonicMs: () => number;
  },
): ConsulClient {
  const ended = new AbortController();
  const token =
    tokenFile === undefined ? undefined : changingFile(tokenFile, "the token file", monotonicMs, limits.fileMs);
  const plain = new Agent({ keepAlive: true });
  const secure = secureAgents(tls, (path, what) => changingFile(path, what, monotonicMs, limits.fileMs));
  let preferred = 0;
  let returning: { readonly atMs: number } | undefined;

  async function ask(
    address: string,
    { path, query, timeLimitMs, isIndexed = true }: ConsulQuestion,
    signal: AbortSignal,
  ) {
    const url = new URL(path, address);
    url.search = query.toString();
    const answer = await requestConsul(
      {
        url,
        isIndexed,
        agent: url.protocol === "https:" ? await secure.current() : plain,
        token: token && (await token.read()).toString("utf8").trim(),
        timeLimitMs,
        connectMs: limits.connectMs,
        answerBytes: limits.answerBytes,
      },
      signal,
    );
    if (!answer.knownLeader) throw new Error("the server that answered knows no leader");
    if (answer.lastContactMs > limits.lastContactMs)
      throw new Error(`the server that answered has not heard from its leader for ${answer.lastContactMs} ms`);
    return answer;
  }

  /** Tries the addresses before the one in use, beside the queries rather than by one of them: they may hang. */
  function returnSoon(): void {
    const now = monotonicMs();
    if (preferred === 0) returning = undefined;
    else if (!returning) returning = { atMs: now + limits.returnMs };
    else if (now >= returning.atMs) {
      returning = { atMs: now + limits.returnMs };
      void tryBetter(preferred);
    }
  }

  async function tryBetter(worse: number): Promise<void> {
    // Not stale, so it is answered only where there is a leader.
    const question = { path: "/v1/health/state/critical", query: new URLSearchParams(), timeLimitMs: limits.answerMs };
    for (const [index, address] of addresses.slice(0, worse).entries()) {
      const answers = await ask(address, question, ended.signal).then(
        () => true,
        () => false,
      );
      if (answers && preferred === worse) preferred = index;
      if (answers) return;
    }
  }

  return {
    async get(question, signal) {
      returnSoon();
      const first = preferred;
      const failures: { readonly address: string; readonly cause: Error }[] = [];
      for (let tried = 0; tried < addresses.length; tried++) {
        const index = (first + tried) % addresses.length;
        const address = addresses[index] ?? "";
        try {
          const answer = await ask(address, question, signal);
          const failed = failures[0];
          if (failed && preferred === first) {
            preferred = index;
            failedOver({ from: failed.address, to: address, cause: failed.cause });
          }
          return answer;
        } catch (thrown) {
          const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
          failures.push({ address, cause });
          if (signal.aborted || isFinal(cause)) break;
        }
      }
      const says = failures.map(({ address, cause }) =>
        addresses.length > 1 ? `${address}: ${cause.message}` : cause.message,
      );
      throw new Error(says.join("; "), { cause: failures[0]?.cause });
    },
    [Symbol.dispose]() {
      ended.abort();
      plain.destroy();
      secure[Symbol.dispose]();
    },
  };
}

/** What every other address would say as well: a wrong token, a wrong question. Not 429: that is about this address only. */
function isFinal(cause: Error): boolean {
  return cause instanceof ConsulStatusError && cause.status >= 400 && cause.status < 500 && cause.status !== 429;
}

/** Longer than any query takes: then nothing uses a replaced agent any more. */
const drainMs = 60_000;

function secureAgents(tls: ConsulTls | undefined, fileAt: (path: string, what: string) => ChangingFile) {
  const file = (path: string | undefined, what: string) => (path === undefined ? undefined : fileAt(path, what));
  const ca = file(tls?.caFile, "the file of Consul's authorities");
  const cert = file(tls?.certFile, "the certificate for Consul");
  const key = file(tls?.keyFile, "the key for Consul");
  const servername = tls?.serverName;
  const agents = new Set<SecureAgent>();
  let held: { readonly files: readonly (Buffer | undefined)[]; readonly agent: SecureAgent } | undefined;

  function renew(files: readonly (Buffer | undefined)[]): SecureAgent {
    const [caPem, certPem, keyPem] = files;
    const agent = new SecureAgent({
      keepAlive: true,
      ...(caPem && { ca: caPem }),
      ...(certPem && { cert: certPem }),
      ...(keyPem && { key: keyPem }),
      ...(servername !== undefined && { servername }),
    });
    agents.add(agent);
    const old = held?.agent;
    held = { files, agent };
    if (old)
      setTimeout(() => {
        agents.delete(old);
        old.destroy();
      }, drainMs).unref();
    return agent;
  }

  return {
    async current(): Promise<SecureAgent> {
      const read = (each: ChangingFile | undefined) => each?.read();
      const files = await Promise.all([read(ca), read(cert), read(key)]);
      return held && files.every((each, index) => each === held?.files[index]) ? held.agent : renew(files);
    },
    [Symbol.dispose]() {
      for (const agent of agents) agent.destroy();
    },
  };
}
