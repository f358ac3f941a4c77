import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export type Answer = { readonly code: number; readonly headers: IncomingHttpHeaders; readonly text: string };

/** What becomes of an answer on its way; `path` is that of the question. May wait. Undefined: the connection is cut in the middle of it. */
export type Tamper = (answer: Answer, path: string) => Answer | undefined | Promise<Answer | undefined>;

/** Stands before an HTTP API that answers in JSON, and changes its answers. Questions that wait for news hear of a change of mind at once. */
export type TamperingProxy = AsyncDisposable & {
  readonly url: string;
  /** From now on; undefined: answers pass as they are. */
  tamper(how: Tamper | undefined): void;
  /** How many questions were asked. */
  questions(): number;
};

export async function startTamperingProxy(upstream: string): Promise<TamperingProxy> {
  let how: Tamper | undefined;
  let asked = 0;
  let changed = new AbortController();

  const server = createServer((request, response) => {
    asked += 1;
    const path = request.url ?? "/";
    pass(path, request.headers, response).catch(() => response.destroy());
  });

  async function pass(path: string, headers: IncomingHttpHeaders, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await ask(path, headers, gone.signal);
    const sent = how === undefined ? answer : await how(answer, path);
    if (sent === undefined) {
      response.writeHead(answer.code, { ...kept(answer.headers), "content-length": answer.text.length });
      response.write(answer.text.slice(0, answer.text.length / 2), () => response.destroy());
      return;
    }
    response.writeHead(sent.code, kept(sent.headers));
    response.end(sent.text);
  }

  /** A question that waits is asked again without waiting, when what is told of the answer has changed. */
  async function ask(path: string, headers: IncomingHttpHeaders, gone: AbortSignal): Promise<Answer> {
    const mind = changed.signal;
    try {
      return await fetched(path, headers, AbortSignal.any([gone, mind]));
    } catch (cause) {
      if (!mind.aborted || gone.aborted) throw cause;
      return fetched(path.replace(/([?&])(?:index|wait)=[^&]*/g, "$1"), headers, gone);
    }
  }

  async function fetched(path: string, { authorization }: IncomingHttpHeaders, signal: AbortSignal): Promise<Answer> {
    const init = authorization === undefined ? {} : { headers: { authorization } };
    const answer = await fetch(upstream + path, { signal, ...init });
    return { code: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
  }

  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    tamper(next) {
      how = next;
      changed.abort();
      changed = new AbortController();
    },
    questions: () => asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

// Those of the connection are each hop's own.
function kept(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const {
    connection,
    "content-length": _length,
    "transfer-encoding": _coding,
    "content-encoding": _packed,
    ...rest
  } = headers;
  return rest;
}

/** An answer whose JSON is another. */
export function edited(edit: (json: unknown, path: string) => unknown): Tamper {
  return ({ text, ...rest }, path) => ({
    ...rest,
    text: text === "" ? text : JSON.stringify(edit(JSON.parse(text), path)),
  });
}

export function delayed(ms: number): Tamper {
  return async (answer) => {
    await delay(ms);
    return answer;
  };
}
