import { access, appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePorts } from "../kit/ports.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";

const main = fileURLToPath(new URL("../../report-service/src/main.ts", import.meta.url));
const restartAfterMs = 300;
const shiftedClock = new URL("../kit/shifted-clock.mjs", import.meta.url).href;
/** Sets the clock of a server alone: an hour ahead, then an hour behind, then right again. */
export const clockSignal = "SIGUSR2";

export type Member = {
  readonly id: string;
  readonly address: string;
  /** The process that runs now; undefined while it is down. */
  readonly pid: () => number | undefined;
};

/** One server to be started: its name, and what it is told beside what all are told. */
export type Post = { readonly id: string; readonly answersCalls: boolean; readonly flags: readonly string[] };

/** So many servers that do everything. */
export function together(servers: number): readonly Post[] {
  return Array.from({ length: servers }, (_, index) => ({ id: `server-${index}`, answersCalls: true, flags: [] }));
}

/** Servers for each role: calls, work, and writing results, which wait in the store or in the broker. */
export function apart(results: "store" | "kafka"): readonly Post[] {
  const post = (id: string, answersCalls: boolean, roles: string) => ({
    ...{ id, answersCalls },
    flags: ["--roles", roles, "--results", results],
  });
  return [
    ...[0, 1].map((index) => post(`calls-${index}`, true, "reports,results,objects,cleaner")),
    ...[0, 1].map((index) => post(`worker-${index}`, false, "worker")),
    ...[0, 1].map((index) => post(`writer-${index}`, false, "writer")),
  ];
}

/** A result of an attempt that was no longer the report's: it was given to another server, or has ended. */
export type LateWrite = { readonly report: string; readonly attempt: number };

/** Servers, each started again whenever it ends, under its old name and address. */
export type Fleet = {
  /** Of those that answer calls. */
  readonly addresses: readonly string[];
  readonly members: readonly Member[];
  /** How often one was started again. */
  readonly restarts: () => number;
  /** Results that the store refused, as the servers have logged them so far. */
  readonly lateWrites: () => readonly LateWrite[];
} & AsyncDisposable;

export async function startFleet(options: {
  readonly posts: readonly Post[];
  readonly folder: string;
  readonly flags: readonly string[];
}): Promise<Fleet> {
  const ports = await freePorts(options.posts.length);
  const closing = new AbortController();
  const late: LateWrite[] = [];
  const ready = ports.map(() => Promise.withResolvers<void>());
  let restarts = 0;

  const supervised = options.posts.map(({ id, flags, answersCalls }, index) => {
    const port = ports[index] ?? 0;
    let running: RunningProcess | undefined;
    async function supervise(): Promise<void> {
      for (let first = true; !closing.signal.aborted; first = false) {
        if (!first) restarts += 1;
        running = startServer(id, port, [...options.flags, ...flags]);
        void running
          .json(({ ready }) => ready === true, 60_000)
          .then(
            () => ready[index]?.resolve(),
            (cause: Error) => ready[index]?.reject(cause),
          );
        await running.exit;
        await keepLog(running, id);
        running = undefined;
        await delay(restartAfterMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    const work = supervise();
    return {
      id,
      address: `127.0.0.1:${port}`,
      answersCalls,
      work,
      pid: () => running?.pid,
      lines: () => running?.lines ?? [],
      end: () => running?.stop("SIGTERM", 10_000),
    };
  });

  async function keepLog({ lines, pid }: RunningProcess, id: string): Promise<void> {
    late.push(...lateWritesIn(lines));
    await appendFile(join(options.folder, `${id}.log`), [`-- ${pid}`, ...lines, ""].join("\n"));
  }

  const fleet: Fleet = {
    addresses: supervised.filter(({ answersCalls }) => answersCalls).map(({ address }) => address),
    members: supervised,
    restarts: () => restarts,
    lateWrites: () => [...late, ...supervised.flatMap(({ lines }) => lateWritesIn(lines()))],
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all(supervised.map(({ end }) => end()));
      await Promise.all(supervised.map(({ work }) => work));
    },
  };
  try {
    await Promise.all(ready.map(({ promise }) => promise));
  } catch (cause) {
    await fleet[Symbol.asyncDispose]();
    throw cause;
  }
  return fleet;
}

function lateWritesIn(lines: readonly string[]): readonly LateWrite[] {
  return lines
    .filter((line) => line.includes('"event":"result-refused"'))
    .map((line) => JSON.parse(line) as LateWrite)
    .map(({ report, attempt }) => ({ report, attempt }));
}

function startServer(id: string, port: number, flags: readonly string[]): RunningProcess {
  const fixed = ["--listen", `127.0.0.1:${port}`, "--id", id, "--locality", "dc-a/z1", "--log-level", "warn"];
  const args = ["--import", shiftedClock, main, "serve", ...fixed, ...flags];
  return startProcess({ name: id, command: process.execPath, args });
}

/** Whether a process has not ended. */
export async function isThere(pid: number): Promise<boolean> {
  return access(`/proc/${pid}/task`).then(
    () => true,
    () => false,
  );
}

/** The children of a process, such as a server's workers; none where it is gone. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
}
