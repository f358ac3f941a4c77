import { once } from "node:events";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Credentials } from "./credentials.ts";
import { jsonLines } from "./json-lines.ts";
import { refusalOf } from "./refusal.ts";

export type Question = {
  /** `/apis/discovery.k8s.io/v1/namespaces/reports/endpointslices`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly accept: string;
  /** From the call to the last byte of the answer. */
  readonly timeLimitMs: number;
};

export type KubernetesClient = Disposable & {
  /** The body of an answer; rejects for anything but a whole 200, with a `KubernetesRefusal` for what the server refused. */
  get(question: Question, signal: AbortSignal): Promise<unknown>;
  /** The events of a watch: first `undefined`, once the server has accepted it; ends when the server ends it in order. */
  watch(question: Question, signal: AbortSignal): AsyncGenerator<unknown>;
};

export type KubernetesClientLimits = {
  readonly connectMs: number;
  /** From the call to the head of the answer. */
  readonly answerMs: number;
  readonly answerBytes: number;
};

/** A client of one Kubernetes API server; its connections are kept and shared by all that is asked there. */
export function createKubernetesClient(
  read: () => Promise<Credentials>,
  limits: KubernetesClientLimits,
): KubernetesClient {
  let agent: { readonly of: string; readonly agent: HttpsAgent } | undefined;
  const plain = new HttpAgent({ keepAlive: true });

  async function open(question: Question, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await read();
    signal.throwIfAborted();
    const { server, token } = credentials;
    const url = new URL(server + question.path);
    for (const [name, value] of Object.entries(question.query)) url.searchParams.set(name, value);
    if (url.protocol === "http:" && token !== undefined && !isLoopback(url.hostname))
      throw new Error(`${server}: a token is not sent without TLS: give the cluster an https URL`);
    const headers = {
      accept: question.accept,
      "user-agent": "weir",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const request =
      url.protocol === "http:"
        ? httpRequest(url, { agent: plain, headers })
        : httpsRequest(url, { agent: agentFor(credentials), headers });
    let answer: IncomingMessage | undefined;
    // Who reads the body is told by the body.
    const fail = (says: string) => (answer ?? request).destroy(new Error(says));
    const abort = () => fail("given up");
    signal.addEventListener("abort", abort, { once: true });
    const whole = setTimeout(() => fail(`not at its end within ${question.timeLimitMs} ms`), question.timeLimitMs);
    const head = setTimeout(() => fail(`no answer within ${limits.answerMs} ms`), limits.answerMs);
    request.on("socket", (socket) => {
      if (!socket.connecting) return;
      // A frozen server's kernel still takes connections: what counts is that TLS is agreed on.
      const connect = setTimeout(() => fail(`no connection within ${limits.connectMs} ms`), limits.connectMs);
      for (const event of [url.protocol === "http:" ? "connect" : "secureConnect", "close"])
        socket.once(event, () => clearTimeout(connect));
    });
    request.on("close", () => {
      clearTimeout(whole);
      clearTimeout(head);
      signal.removeEventListener("abort", abort);
    });
    // It may fail after its head was read: the reader of the body is told.
    request.on("error", () => undefined);
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    answer = response;
    clearTimeout(head);
    return response;
  }

  function agentFor({ authorities, certificate, key, serverName, verify }: Credentials): HttpsAgent {
    const options = { ca: authorities, cert: certificate, key, servername: serverName, rejectUnauthorized: verify };
    const of = JSON.stringify(options);
    if (agent?.of === of) return agent.agent;
    if (agent) retire(agent.agent);
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    agent = { of, agent: new HttpsAgent({ keepAlive: true, ...given }) };
    return agent.agent;
  }

  return {
    async get(question, signal) {
      const response = await open(question, signal);
      const text = await textOf(response, limits.answerBytes);
      if (response.statusCode !== 200) throw refusalOf(response, text);
      return JSON.parse(text);
    },
    async *watch(question, signal) {
      const response = await open(question, signal);
      if (response.statusCode !== 200) throw refusalOf(response, await textOf(response, 1024 ** 2));
      try {
        yield undefined;
        yield* jsonLines(response, limits.answerBytes);
      } finally {
        response.destroy();
      }
    },
    [Symbol.dispose]() {
      agent?.agent.destroy();
      plain.destroy();
    },
  };
}

/** Closes what is idle, now and from now on. What is in use goes on: to renew a certificate is no failure of the watches. */
function retire(agent: HttpsAgent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

async function textOf(response: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`the answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
