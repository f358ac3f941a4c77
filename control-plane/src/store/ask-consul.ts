import { EventEmitter } from "node:events";
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from "node:http";
import { type AgentOptions, Agent as HttpsAgent } from "node:https";
import Consul from "consul";

/** What each call of the consul package is to be given, with its own options. */
export type CallOptions = {
  readonly dc?: string;
  readonly token?: string;
  /** Milliseconds, from the call to the last byte of the answer. */
  readonly timeout: number;
  readonly ctx: EventEmitter;
};

export type ConsulAnswer = {
  readonly status: number;
  readonly index: number;
  /** The time of day at the server; undefined when it does not tell. */
  readonly at: Date | undefined;
  /** Parsed, if it is JSON; else text or bytes. */
  readonly body: unknown;
};

/** Consul answered, with a status that means that it did not do what was asked. */
export class ConsulRefusal extends Error {
  readonly status: number;
  constructor(status: number, said: string) {
    super(said === "" ? `answered ${status}` : `${status}: ${said}`);
    this.status = status;
  }
}

export type AskConsul = Disposable & {
  /** 404 (no such key) and 409 (a transaction's check failed) are answers; redirects are not followed. */
  ask(
    call: (consul: Consul, options: CallOptions) => Promise<unknown>,
    options: Omit<CallOptions, "ctx">,
    signal: AbortSignal,
  ): Promise<ConsulAnswer>;
};

export type AnswerLimits = { readonly connectMs: number; readonly answerBytes: number };

// The journal is the longest that is read: 1,000 entries of some KB.
const usual: AnswerLimits = { connectMs: 1_000, answerBytes: 256 * 1024 * 1024 };

/** The consul package for one address, whose connections are kept, and none of whose calls outlasts its time limit or `signal`. */
export function createAskConsul(address: string, tls: AgentOptions, limits: AnswerLimits = usual): AskConsul {
  const { protocol, hostname, port } = new URL(address);
  const secure = protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  const consul = new Consul({ host: hostname, port: Number(port || (secure ? 443 : 80)), secure, agent });
  const client = consul as unknown as Extensible;
  client._ext("onRequest", (exchange, next) => {
    exchange.transport = guarded(exchange.transport, limits, secure ? "secureConnect" : "connect");
    next();
  });
  client._ext("onResponse", handOverResponse);

  return {
    async ask(call, options, signal) {
      signal.throwIfAborted();
      const ctx = new EventEmitter();
      const cancel = () => ctx.emit("cancel");
      signal.addEventListener("abort", cancel);
      try {
        return readAnswer((await call(consul, { ...options, ctx })) as Response, options.token);
      } catch (cause) {
        if (cause instanceof Error && "isTimeout" in cause)
          throw new Error(`no answer within ${options.timeout} ms`, { cause });
        throw cause;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function readAnswer({ statusCode: status = 0, headers, body }: Response, token: string | undefined): ConsulAnswer {
  if ((status < 200 || status > 299) && status !== 404 && status !== 409) {
    // Proxies show in their error pages what they were asked with; this text gets into logs.
    const said = token === undefined ? textOf(body) : textOf(body).replaceAll(token, "(token)");
    throw new ConsulRefusal(status, said.trim().slice(0, 300));
  }
  if (headers["x-consul-knownleader"] === "false") throw new Error("the server that answered knows no leader");
  const { date } = headers;
  const at = date === undefined || Number.isNaN(Date.parse(date)) ? undefined : new Date(date);
  return { status, index: Number(headers["x-consul-index"] ?? 0), at, body };
}

function textOf(body: unknown): string {
  if (body === undefined) return "";
  return typeof body === "string" || Buffer.isBuffer(body) ? String(body) : JSON.stringify(body);
}

/** Once all of it is there, papi puts its body to it: parsed if it was JSON, text if it was text, else bytes. */
type Response = IncomingMessage & { readonly body?: unknown };
type Transport = { request(options: { readonly hostname: string }): ClientRequest };
type Exchange = {
  transport: Transport;
  readonly res?: Response;
  readonly err?: Error & { readonly isResponse?: true; readonly isCodec?: true };
};
type Next = (stop?: false, failure?: Error, response?: Response) => void;
/** papi, below the consul package, documents `_ext` in its README; the package's types leave it out. */
type Extensible = {
  _ext(event: "onRequest" | "onResponse", extension: (exchange: Exchange, next: Next) => void): void;
};

/**
 * papi 1.1.2 waits out the time limit for a connection that cannot be made and for an answer that breaks off in the middle
 * (it listens to no error of the response), holds answers of any size, and looks up `[::1]` with its brackets.
 */
function guarded(transport: Transport, { connectMs, answerBytes }: AnswerLimits, connected: string): Transport {
  return {
    request(options) {
      const request = transport.request({ ...options, hostname: options.hostname.replace(/^\[|\]$/g, "") });
      const fail = (says: string, cause?: Error) => {
        request.emit("error", new Error(says, { cause }));
        request.destroy();
      };
      request.on("socket", (socket) => {
        if (!socket.connecting) return;
        const timer = setTimeout(() => fail(`no connection within ${connectMs} ms`), connectMs);
        for (const event of [connected, "close"]) socket.once(event, () => clearTimeout(timer));
      });
      request.on("response", (response) => {
        let bytes = 0;
        response.on("error", (cause) => fail("the answer broke off", cause));
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytes) fail(`the answer is longer than ${answerBytes} bytes`);
        });
      });
      return request;
    },
  };
}

/**
 * Before the package reads the body: consul 2.0.1 takes a 200 that is no JSON for a key that does not exist, and throws out of
 * an event listener, which ends the process, when an entry is null.
 */
function handOverResponse({ err, res }: Exchange, next: Next): void {
  if (res && (err === undefined || err.isResponse || err.isCodec)) next(false, undefined, res);
  else next(false, err);
}
