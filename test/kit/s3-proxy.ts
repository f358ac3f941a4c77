import { once } from "node:events";
import { request as ask, createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of a request: it passes, it gets this status, or its answer is cut after so many bytes. */
export type Fate = "pass" | { readonly status: number } | { readonly cutAfter: number };

/** Stands before an S3 server, whose signatures hold for its own address, too, and lets requests fail. */
export type S3Proxy = AsyncDisposable & {
  readonly url: string;
  /** From now on, of each request. */
  decide(fate: (method: string, path: string) => Fate): void;
  /** How many have come that were of this method. */
  count(method: string): number;
};

export async function startS3Proxy(upstream: string): Promise<S3Proxy> {
  let fateOf: (method: string, path: string) => Fate = () => "pass";
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const { method = "", url = "/", headers } = request;
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const fate = fateOf(method, url);
    if (typeof fate === "object" && "status" in fate) {
      request.resume();
      response.writeHead(fate.status).end("<Error><Code>Tampered</Code><Message>not now</Message></Error>");
      return;
    }
    // The Host header stays: it is part of what was signed.
    const forward = ask(new URL(url, upstream), { method, headers }, (answer: IncomingMessage) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fate === "pass") return void answer.pipe(response);
      let left = fate.cutAfter;
      answer.on("data", (chunk: Buffer) => {
        response.write(chunk.subarray(0, left), () => left <= 0 && response.destroy());
        left -= chunk.length;
      });
    });
    forward.on("error", () => response.destroy());
    request.pipe(forward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    decide(fate) {
      fateOf = fate;
    },
    count: (method) => counts.get(method) ?? 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
