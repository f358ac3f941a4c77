import { type Agent, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";

export type ConsulRequest = {
  readonly url: URL;
  readonly agent: Agent;
  readonly token: string | undefined;
  /** From the call to the last byte of the answer. */
  readonly timeLimitMs: number;
  readonly connectMs: number;
  readonly answerBytes: number;
  /** False where Consul has no index to give. */
  readonly isIndexed: boolean;
};

export type ConsulAnswer = {
  readonly index: number;
  readonly knownLeader: boolean;
  /** How long ago the server that answered heard from its leader. */
  readonly lastContactMs: number;
  /** The token may not read all that was asked for, and Consul left the rest out (1.11 and newer say so). */
  readonly filtered: boolean;
  readonly text: string;
};

/** Consul answered, but not with a 2xx. */
export class ConsulStatusError extends Error {
  readonly status: number;
  constructor(status: number, said: string) {
    super(said === "" ? `answered ${status}` : `${status}: ${said}`);
    this.status = status;
  }
}

/**
 * One GET of Consul's HTTP API. Rejects for anything but a whole 2xx answer with Consul's headers; a redirect is such a
 * refusal and never followed (CVE-2022-29153 went that way).
 */
export async function requestConsul(asked: ConsulRequest, signal: AbortSignal): Promise<ConsulAnswer> {
  signal.throwIfAborted();
  try {
    return await once(asked, signal);
  } catch (cause) {
    // A kept connection may be closed just when it is used again; nothing of the query was answered then.
    if (!(cause instanceof ReusedConnectionError) || signal.aborted) throw cause;
    return once(asked, signal);
  }
}

class ReusedConnectionError extends Error {}

function once(asked: ConsulRequest, signal: AbortSignal): Promise<ConsulAnswer> {
  const { url, agent, token, timeLimitMs, connectMs, answerBytes } = asked;
  const { promise, resolve, reject } = Promise.withResolvers<ConsulAnswer>();
  const send = url.protocol === "https:" ? secureRequest : plainRequest;
  const headers = token === undefined ? {} : { "x-consul-token": token };
  const request = send(url, { agent, headers });
  const stop = (says: string) => request.destroy(new Error(says));
  const cancel = () => stop("cancelled");
  const limit = setTimeout(() => stop(`no answer within ${timeLimitMs} ms`), timeLimitMs);
  signal.addEventListener("abort", cancel);
  const done = () => {
    clearTimeout(limit);
    signal.removeEventListener("abort", cancel);
  };
  request.on("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => stop(`no connection within ${connectMs} ms`), connectMs);
    for (const event of [url.protocol === "https:" ? "secureConnect" : "connect", "close"])
      socket.once(event, () => clearTimeout(timer));
  });
  request.on("error", (cause: NodeJS.ErrnoException) => {
    done();
    const closed = request.reusedSocket && (cause.code === "ECONNRESET" || cause.code === "EPIPE");
    reject(closed ? new ReusedConnectionError(cause.message, { cause }) : cause);
  });
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("error", (cause) => {
      done();
      reject(new Error("the answer broke off", { cause }));
    });
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytes) response.destroy(new Error(`the answer is longer than ${answerBytes} bytes`));
      else chunks.push(chunk);
    });
    response.on("end", () => {
      done();
      const text = Buffer.concat(chunks).toString("utf8");
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) {
        // Proxies show in their error pages what they were asked with; this text gets into logs.
        const said = token === undefined ? text : text.replaceAll(token, "(token)");
        return reject(new ConsulStatusError(status, said.trim().slice(0, 300)));
      }
      try {
        resolve(readAnswer((name) => response.headers[name]?.toString(), text, asked.isIndexed));
      } catch (cause) {
        reject(cause);
      }
    });
  });
  request.end();
  return promise;
}

function readAnswer(header: (name: string) => string | undefined, text: string, isIndexed: boolean): ConsulAnswer {
  const index = header("x-consul-index") ?? (isIndexed ? undefined : "0");
  if (index === undefined || !/^\d{1,15}$/.test(index))
    throw new Error("the answer has no X-Consul-Index: does Consul listen at that address?");
  return {
    index: Number(index),
    knownLeader: header("x-consul-knownleader") !== "false",
    lastContactMs: Number(header("x-consul-lastcontact") ?? 0),
    filtered: header("x-consul-results-filtered-by-acls") === "true",
    text,
  };
}
