import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that came: `PUT /v1/…` and its JSON body. */
export type Received = { readonly line: string; readonly body: unknown; readonly contentType: string | undefined };

/** An HTTP server that keeps what it is sent and answers with the status that `answer` chooses, 200 by default. */
export type RecordingServer = {
  readonly url: URL;
  readonly received: readonly Received[];
  /** Returns once a request like this has come, now or later. */
  until(matches: (one: Received) => boolean): Promise<Received>;
} & AsyncDisposable;

export async function startRecordingServer(
  answer: (one: Received) => number | Promise<number> = () => 200,
): Promise<RecordingServer> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const one = {
      line: `${request.method} ${request.url}`,
      body: parsed(await bodyOf(request)),
      contentType: request.headers["content-type"],
    };
    received.push(one);
    for (const look of waiting) look();
    response.writeHead(await answer(one)).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    received,
    until(matches) {
      const { promise, resolve } = Promise.withResolvers<Received>();
      const look = () => {
        const found = received.find(matches);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
