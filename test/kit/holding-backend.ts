import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { sayMethod } from "./echo.ts";

/** A gRPC server that keeps every call until it is told what to answer. */
export type HoldingBackend = AsyncDisposable & {
  /** `host:port`. */
  readonly address: string;
  /** Calls that have arrived since the start. */
  arrived(): number;
  /** Calls that it keeps now. */
  held(): number;
  /** Answers all that it keeps, as a server that is well or as one that is not; gives how many those were. */
  release(code?: "OK" | "UNAVAILABLE"): number;
};

/** Starts one in this process. Disposing of it cuts its connections. */
export async function startHoldingBackend({
  host = "127.0.0.1",
}: {
  readonly host?: string;
} = {}): Promise<HoldingBackend> {
  const server = new Server();
  let arrived = 0;
  const waiting = new Set<(code: "OK" | "UNAVAILABLE") => void>();
  type Call = { readonly on: (event: "cancelled", listener: () => void) => void };
  server.addService(
    { say: sayMethod },
    {
      say(call: Call, answer: (error: object | null, reply?: object) => void) {
        arrived += 1;
        const end = (code: "OK" | "UNAVAILABLE") =>
          code === "OK" ? answer(null, { id: "holding", datacenter: "dc-a" }) : answer({ code: status[code] });
        waiting.add(end);
        call.on("cancelled", () => waiting.delete(end));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const creds = ServerCredentials.createInsecure();
    server.bindAsync(`${host}:0`, creds, (error, chosen) => (error ? reject(error) : resolve(chosen)));
  });
  return {
    address: `${host}:${port}`,
    arrived: () => arrived,
    held: () => waiting.size,
    release(code = "OK") {
      const all = [...waiting];
      waiting.clear();
      for (const end of all) end(code);
      return all.length;
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}
