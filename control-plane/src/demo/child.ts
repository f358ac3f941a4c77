import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { Env } from "./demo-io.ts";

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A running program of the demo. Disposing of it ends it: SIGTERM, and after two seconds SIGKILL. */
export type Child = AsyncDisposable & {
  readonly name: string;
  readonly pid: number;
  /** Where its stdout and stderr go. */
  readonly logFile: string;
  /** Settles when it has ended, however that came about. */
  readonly exit: Promise<Exit>;
  readonly hasEnded: boolean;
  /** SIGKILL for it and for all that it started. */
  kill(): Promise<Exit>;
  /** SIGTERM, and SIGKILL for all of it if it has not ended after `patienceMs`. */
  stop(patienceMs: number): Promise<Exit>;
};

/**
 * Puts a watcher into the program's process group and then becomes the program. The watcher reads a pipe whose other end is
 * ours: it ends when we end it or when we are gone, by SIGKILL too, and takes the whole group with it. Unlike Linux's
 * parent-death signal this also reaches what the program itself started, and works wherever there is a POSIX shell.
 */
const tethered = `exec 9<&0
{ while read -r _; do :; done; kill -s KILL 0; } <&9 9<&- >/dev/null 2>&1 &
exec "$@" </dev/null 9<&-`;

/**
 * Starts a program that cannot outlive this process. It is not in the terminal's process group: Ctrl-C reaches this process
 * alone, which then ends the others in order.
 */
export async function startChild({
  name,
  command,
  args,
  env,
  logFile,
  onLine,
}: {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Env;
  readonly logFile: string;
  /** Hears each line of its stdout. */
  readonly onLine?: (line: string) => void;
}): Promise<Child> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: "a" });
  const running = spawn("/bin/sh", ["-c", tethered, name, command, ...args], {
    env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // The watcher's pipe breaks when the group is killed; that is the news of `exit`.
  running.stdin.on("error", () => undefined);
  running.stdout.pipe(log, { end: false });
  running.stderr.pipe(log, { end: false });
  if (onLine) createInterface({ input: running.stdout }).on("line", onLine);

  const ended = Promise.withResolvers<Exit>();
  let hasEnded = false;
  running.on("exit", () => running.stdin.end());
  running.on("error", (cause) => {
    hasEnded = true;
    log.end(`${command} cannot be run: ${cause.message}\n`, () => ended.resolve({ code: 127, signal: null }));
  });
  running.on("close", (code, signal) => {
    hasEnded = true;
    // Its last words are in the file by then.
    log.end(() => ended.resolve({ code, signal }));
  });

  const kill = () => {
    if (!hasEnded) killGroup(running);
    return ended.promise;
  };
  const stop = async (patienceMs: number) => {
    running.kill("SIGTERM");
    const late = setTimeout(kill, patienceMs);
    await ended.promise;
    clearTimeout(late);
    return ended.promise;
  };
  return {
    name,
    pid: running.pid ?? -1,
    logFile,
    exit: ended.promise,
    get hasEnded() {
      return hasEnded;
    },
    kill,
    stop,
    async [Symbol.asyncDispose]() {
      await stop(2_000);
    },
  };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (cause) {
    // Gone between its exit and the news of it.
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/** How a program ended and what it said last, for messages. */
export async function lastWords({ name, logFile }: Child, { code, signal }: Exit): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const lines = text.trimEnd().split("\n").slice(-15);
  return [`${name} ended (${signal ?? `code ${code}`}); the end of ${logFile}:`, ...lines].join("\n    ");
}
