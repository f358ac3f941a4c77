import { EventEmitter } from "node:events";
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import Consul from "consul";

export type HealthQuestion = {
  readonly service: string;
  /** As Consul calls it. */
  readonly datacenter: string;
  /** 0 is answered at once; any other when the data has a newer one, or after `waitMs`. */
  readonly index: number;
  readonly waitMs: number;
  /** From the call to the last byte of the answer. */
  readonly timeLimitMs: number;
  readonly token: string | undefined;
};

export type ConsulAnswer = {
  readonly index: number;
  readonly knownLeader: boolean;
  /** How long ago the server that answered heard from its leader. */
  readonly lastContactMs: number;
  readonly body: unknown;
};

export type ConsulClient = Disposable & {
  /** `GET /v1/health/service/…`; rejects for anything but a whole 2xx answer of Consul's. */
  health(question: HealthQuestion, signal: AbortSignal): Promise<ConsulAnswer>;
};

export type ConsulClientLimits = { readonly connectMs: number; readonly answerBytes: number };

/** A client of one Consul address; its connections are kept and shared by all that is asked there. */
export function createConsulClient(address: string, limits: ConsulClientLimits): ConsulClient {
  const { protocol, hostname, port } = new URL(address);
  const secure = protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const host = hostname.replace(/^\[|\]$/g, "");
  const consul = new Consul({ host, port: Number(port || (secure ? 443 : 80)), secure, agent });
  guardRequests(consul, limits);

  return {
    async health({ service, datacenter, index, waitMs, timeLimitMs, token }, signal) {
      signal.throwIfAborted();
      const context = Object.assign(new EventEmitter(), { includeResponse: true });
      const cancel = () => context.emit("cancel");
      signal.addEventListener("abort", cancel);
      try {
        const question = {
          service,
          dc: datacenter,
          index: String(index),
          wait: `${waitMs}ms`,
          timeout: timeLimitMs,
          ctx: context,
          ...(token === undefined ? {} : { token }),
        };
        // With `includeResponse` it answers with the response as well, which its types do not say.
        const answer: unknown = await consul.health.service(question);
        const [response, body] = answer as [IncomingMessage, unknown];
        return readAnswer(response, body);
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function readAnswer({ headers }: IncomingMessage, body: unknown): ConsulAnswer {
  const header = (name: string) => headers[name]?.toString();
  const index = header("x-consul-index");
  if (index === undefined || !/^\d{1,15}$/.test(index))
    throw new Error("the answer has no X-Consul-Index: does Consul listen at that address?");
  return {
    index: Number(index),
    knownLeader: header("x-consul-knownleader") !== "false",
    lastContactMs: Number(header("x-consul-lastcontact") ?? 0),
    body,
  };
}

type Requester = { request(options: object): ClientRequest };
type Extensible = {
  _ext(event: "onRequest", extension: (request: { transport: Requester }, next: () => void) => void): void;
};

/**
 * The consul package waits out its whole time limit for a connection that cannot be made and for an answer that breaks off in
 * the middle (papi 1.1 listens to no error of the response), and holds answers of any size. So its requests are watched here.
 */
function guardRequests(consul: Consul, { connectMs, answerBytes }: ConsulClientLimits): void {
  const client = consul as unknown as Extensible; // papi documents `_ext`; the consul package's types leave it out
  client._ext("onRequest", (request, next) => {
    const { transport } = request;
    request.transport = { request: (options) => guarded(transport.request(options)) };
    next();
  });

  function guarded(request: ClientRequest): ClientRequest {
    const fail = (says: string) => request.destroy(new Error(says));
    request.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => fail(`no connection within ${connectMs} ms`), connectMs);
      for (const event of ["connect", "close"]) socket.once(event, () => clearTimeout(timer));
    });
    request.on("response", (response) => {
      let bytes = 0;
      response.on("error", (cause) => request.emit("error", new Error("the answer broke off", { cause })));
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytes) fail(`the answer is longer than ${answerBytes} bytes`);
      });
    });
    return request;
  }
}
