import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { makeFolder } from "../../test/kit/folder.ts";
import { type ReportServer, startReportServer } from "../../test/kit/report-server.ts";
import { createReportClient, type ReportClient } from "../src/client.ts";

export const testKinds = fileURLToPath(new URL("../testdata/kinds", import.meta.url));
// A server that is told to leave may finish what it has in hand first.
const patienceMs = 60_000;

/** A report server in its own process. */
export type ServerProcess = ReportServer & {
  readonly client: ReportClient;
  /** Sends a signal and returns the exit code, or the signal's name where that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
};

/** A directory that is removed with its owner. */
export const temporaryDirectory = () => makeFolder("report");

/** Starts `main.ts serve` with the kinds of `testdata`, where not told of others; rejects with what it logged where it does not get ready. */
export async function startServer(
  data: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  kinds = testKinds,
): Promise<ServerProcess> {
  const server = await startReportServer({
    ...{ data, id: `server-${randomUUID()}`, kinds, env },
    flags: ["--log-level", "info", ...flags],
  });
  const client = createReportClient(server.address, credentials.createInsecure());
  return {
    ...server,
    client,
    async end(signal) {
      const exit = await server.process.stop(signal, patienceMs);
      return exit.code ?? exit.signal;
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server.process.stop("SIGKILL");
    },
  };
}
