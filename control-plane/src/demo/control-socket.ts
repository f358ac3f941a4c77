import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** One line of JSON each way: what a second terminal asks of the running demo, and what came of it. */
export type ControlAnswer = { readonly ok: boolean; readonly says: string };

/** Answers each line that arrives at a Unix socket. Disposing of it hangs up and removes the socket. */
export async function serveControl(
  socketFile: string,
  answer: (request: unknown) => Promise<ControlAnswer>,
): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    // A terminal that goes away before its answer is there has nothing to be told.
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", async (line) => {
      socket.end(`${JSON.stringify(await answerLine(line, answer))}\n`);
    });
  });
  await once(server.listen(socketFile), "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function answerLine(line: string, answer: (request: unknown) => Promise<ControlAnswer>): Promise<ControlAnswer> {
  try {
    return await answer(JSON.parse(line));
  } catch (cause) {
    return { ok: false, says: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Asks the demo behind a socket; fails when nobody answers there. */
export async function askControl(socketFile: string, request: unknown, signal: AbortSignal): Promise<ControlAnswer> {
  const socket = connect(socketFile);
  const hangUp = () => socket.destroy(new Error("interrupted"));
  signal.addEventListener("abort", hangUp);
  try {
    await once(socket, "connect");
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of createInterface({ input: socket })) return JSON.parse(line) as ControlAnswer;
    throw new Error("the demo ended before it answered");
  } finally {
    signal.removeEventListener("abort", hangUp);
    socket.destroy();
  }
}
