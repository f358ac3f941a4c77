import { type Agent, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";

export type KvRequest = {
  readonly method: "GET" | "PUT";
  readonly url: URL;
  readonly agent: Agent;
  readonly token: string | undefined;
  readonly body: string | undefined;
  /** From the call to the last byte of the answer. */
  readonly timeLimitMs: number;
  readonly connectMs: number;
};

export type KvAnswer = {
  readonly status: number;
  readonly index: number;
  /** The time of day at the server; undefined when it does not tell. */
  readonly at: Date | undefined;
  readonly text: string;
};

/** Consul answered, with a status that means that it did not do what was asked. */
export class KvRefusal extends Error {
  readonly status: number;
  constructor(status: number, said: string) {
    super(said === "" ? `answered ${status}` : `${status}: ${said}`);
    this.status = status;
  }
}

/** One call of Consul's HTTP API. 404 (no such key) and 409 (a transaction's check failed) are answers; redirects are not followed. */
export function requestKv(asked: KvRequest, signal: AbortSignal): Promise<KvAnswer> {
  const { method, url, agent, token, body, timeLimitMs, connectMs } = asked;
  const { promise, resolve, reject } = Promise.withResolvers<KvAnswer>();
  if (signal.aborted) return Promise.reject(new Error("cancelled"));
  const send = url.protocol === "https:" ? secureRequest : plainRequest;
  const request = send(url, { method, agent, headers: token === undefined ? {} : { "x-consul-token": token } });
  const stop = (says: string) => request.destroy(new Error(says));
  const cancel = () => stop("cancelled");
  const limit = setTimeout(() => stop(`no answer within ${Math.round(timeLimitMs)} ms`), timeLimitMs);
  signal.addEventListener("abort", cancel);
  request.on("close", () => {
    clearTimeout(limit);
    signal.removeEventListener("abort", cancel);
    reject(new Error("the connection was closed before the answer"));
  });
  request.on("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => stop(`no connection within ${connectMs} ms`), connectMs);
    for (const event of ["connect", "close"]) socket.once(event, () => clearTimeout(timer));
  });
  request.on("error", reject);
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("error", (cause) => reject(new Error("the answer broke off", { cause })));
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const status = response.statusCode ?? 0;
      if ((status < 200 || status > 299) && status !== 404 && status !== 409)
        return reject(new KvRefusal(status, text.trim().slice(0, 300)));
      if (response.headers["x-consul-knownleader"] === "false")
        return reject(new Error("the server that answered knows no leader"));
      const { date } = response.headers;
      const at = date === undefined || Number.isNaN(Date.parse(date)) ? undefined : new Date(date);
      resolve({ status, index: Number(response.headers["x-consul-index"] ?? 0), at, text });
    });
  });
  request.end(body);
  return promise;
}
