import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import type { Kubernetes } from "./kubernetes.ts";

export type Relayed = {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  status: number | undefined;
  /** What was answered, as far as it has come. */
  text: string;
  ended: boolean;
};

/** Passes calls on to an API server, over plain HTTP so that a test sees them, and holds some back if it is told to. */
export type Relay = AsyncDisposable & {
  readonly server: string;
  /** In the order in which they came. */
  readonly calls: readonly Relayed[];
  /** Calls for which this holds are kept waiting until it is lifted. */
  hold(which: ((call: Relayed) => boolean) | undefined): void;
  /** The calls that are kept waiting. */
  held(): readonly Relayed[];
};

export async function startRelay({ server: target, authorities }: Kubernetes): Promise<Relay> {
  const ca = await readFile(authorities);
  const calls: Relayed[] = [];
  const held = new Set<{ readonly call: Relayed; readonly go: () => void }>();
  let holds: (call: Relayed) => boolean = () => false;

  const server = createServer((incoming, outgoing) => {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? "", "http://relay");
    const { authorization } = incoming.headers;
    const call: Relayed = { path, query, authorization, status: undefined, text: "", ended: false };
    calls.push(call);
    if (holds(call)) held.add({ call, go: () => pass(call, incoming, outgoing) });
    else pass(call, incoming, outgoing);
  });

  function pass(call: Relayed, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const headers = { ...incoming.headers, host: new URL(target).host };
    const onward = request(`${target}${incoming.url}`, { method: incoming.method, headers, ca, agent: false });
    onward.on("response", (answer) => {
      call.status = answer.statusCode;
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      outgoing.flushHeaders();
      answer.on("data", (chunk: Buffer) => {
        call.text += chunk.toString();
        outgoing.write(chunk);
      });
      answer.on("end", () => {
        call.ended = true;
        outgoing.end();
      });
      answer.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    onward.end();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    hold(which) {
      holds = which ?? (() => false);
      for (const each of held) {
        if (holds(each.call)) continue;
        held.delete(each);
        each.go();
      }
    },
    held: () => [...held].map(({ call }) => call),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
