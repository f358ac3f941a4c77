import { fileURLToPath } from "node:url";
import type { CallRecord } from "./echo.ts";
import { lastWords, type RunningProcess, startProcess } from "./process.ts";
import { inTime } from "./wait.ts";

/** A proxyless gRPC client: grpc-js with its xDS resolver, in a process of its own because that resolver is global. */
export type XdsClient = AsyncDisposable & {
  readonly process: RunningProcess;
  send(
    count: number,
    options?: {
      readonly atOnce?: number;
      readonly deadlineMs?: number;
      readonly freshHeader?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly path?: string;
      /** Instead of the one that the client was started with; Node only. */
      readonly target?: string;
    },
  ): Promise<readonly CallRecord[]>;
  sendAtRate(wanted: {
    readonly perSecond: number;
    readonly forMs: number;
    readonly deadlineMs?: number;
  }): Promise<readonly CallRecord[]>;
};

export type XdsNode = {
  readonly id: string;
  readonly cluster: string;
  readonly locality?: { readonly region: string; readonly zone: string };
  readonly metadata?: object;
};

/** A program that takes the orders of `xds-client-main.ts`; it is given the target as its last argument. */
export type XdsClientProgram = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const main = fileURLToPath(new URL("./xds-client-main.ts", import.meta.url));
const nodeProgram: XdsClientProgram = { command: process.execPath, args: [main] };

/** Starts a client of `xds:///service` (or any target) that asks the control plane at `xds` (`host:port`). */
export async function startXdsClient({
  target,
  xds,
  node,
  env = {},
  program = nodeProgram,
}: {
  readonly target: string;
  readonly xds: string;
  readonly node: XdsNode;
  readonly env?: Readonly<Record<string, string>>;
  /** grpc-js unless told. */
  readonly program?: XdsClientProgram;
}): Promise<XdsClient> {
  const server = { server_uri: xds, channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] };
  const bootstrap = JSON.stringify({ xds_servers: [server], node });
  const child = startProcess({
    name: `xds client ${node.id}`,
    command: program.command,
    args: [...program.args, target],
    env: { GRPC_XDS_BOOTSTRAP_CONFIG: bootstrap, ...program.env, ...env },
  });
  try {
    await child.json(({ ready }) => ready === true, 30_000);
  } catch (error) {
    await child.stop("SIGKILL");
    throw error;
  }
  const waiting = new Map<number, (records: readonly CallRecord[]) => void>();
  const gone = child.exit.then(({ code, signal }): never => {
    throw new Error(`it ended (${signal ?? code})\n${lastWords(child)}`);
  });
  gone.catch(() => undefined);
  let asked = 0;
  const ask = async (order: object, within: number): Promise<readonly CallRecord[]> => {
    asked += 1;
    const id = asked;
    const answer = new Promise<readonly CallRecord[]>((resolve) => waiting.set(id, resolve));
    child.write(JSON.stringify({ id, ...order }));
    return inTime(
      Promise.race([answer, gone]),
      within,
      () => `records of ${JSON.stringify(order)}\n${lastWords(child)}`,
    );
  };
  child.onLine((line) => {
    if (!line.startsWith('{"answer":')) return;
    const { answer, records } = JSON.parse(line) as { answer: number; records: readonly CallRecord[] };
    waiting.get(answer)?.(records);
    waiting.delete(answer);
  });
  return {
    process: child,
    send: (count, { target: other, ...options } = {}) =>
      ask({ send: count, options, ...(other !== undefined && { target: other }) }, 60_000),
    sendAtRate: (wanted) => ask({ sendAtRate: wanted }, wanted.forMs + 30_000),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
