import { type ChildProcess, execFile, spawn } from "node:child_process";
import { setPriority } from "node:os";
import type { Duplex } from "node:stream";
import { type CpuTime, cpuTime, mainThread } from "../../lib/main-thread.ts";
import { endWithParent, onIdleTime } from "../../lib/start-idle.ts";
import { watchMemory } from "../../lib/watch-memory.ts";
import type { SandboxScheduling } from "../../model/code-scheduling.ts";
import { engineFlags } from "./engine-flags.ts";
import { createFrameReader } from "./frame-reader.ts";
import type { SandboxPlaces } from "./sandbox-places.ts";

/** How it ended: all but `left` by somebody else than its own code. */
export type SandboxEnd =
  /** Somebody had stopped it, and nobody let it go on. */
  | { readonly kind: "stopped" }
  | { readonly kind: "left" }
  | { readonly kind: "killed"; readonly by: string }
  | { readonly kind: "out-of-memory"; readonly message: string };

/** A process that waits for one job, and after that is of no more use. */
export type Sandbox = {
  send(message: object): void;
  /** A job begins: from now on it gives way to others, and is ended when it has more than this beside what it needs for itself. */
  beginJob(bytes: number): void;
  readonly scheduling: SandboxScheduling;
  /** Since it started; undefined where the system does not say. */
  cpuTime(): CpuTime | undefined;
  /** What it says, in turn; ends with the process. Throws where that makes no sense. */
  readonly messages: AsyncIterable<unknown>;
  readonly ended: Promise<SandboxEnd>;
} & Disposable;

export type SandboxLimits = {
  /** CPU time after which the system ends it, should nobody be left to do so. */
  readonly cpuSeconds: number;
  readonly scheduling: SandboxScheduling;
  /** Its worker is in the session of its server. */
  readonly inServersSession: boolean;
};

// Code, snapshots and buffers, of Python more than of JavaScript. WebAssembly itself keeps a kind within its limit; this is
// for what that would not see.
const ownBytes = 400_000_000;

// Code cannot beat: it has the only thread. What can be seen is a process that somebody has stopped.
const lookEveryMs = 1_000;
const mostStoppedLooks = 12;

/** Starts a process that can read `places`, talk to its worker, and nothing else. */
export async function startSandbox(places: SandboxPlaces, limits: SandboxLimits): Promise<Sandbox> {
  const { scheduling, inServersSession } = limits;
  const node = [
    ...[process.execPath, "--permission", "--no-warnings", ...engineFlags],
    ...places.readable.map((path) => `--allow-fs-read=${path}`),
    ...places.arguments,
    scheduling,
  ];
  // No core dumps, no bytes into files, an end after so much CPU time.
  const bounded = ["-c", `ulimit -c 0 -f 0 -t ${limits.cpuSeconds}; exec "$@"`, "sh", ...(await withoutNetwork())];
  // After what changes its user: that would forget whose end is its own.
  const ending = inServersSession ? endWithParent : [];
  const idle = scheduling === "idle" ? onIdleTime : [];
  const child = spawn("/bin/sh", [...bounded, ...ending, ...idle, ...node], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    env: {},
    // Its share beside its server is that of a session of its own, as where its worker has one (sched(7), "The autogroup
    // feature"); idle code is known as idle in its server's session alone.
    detached: inServersSession && scheduling === "other",
  });
  const channel = child.stdio[3] as Duplex;
  // A sandbox that has just died cannot be told anything; the end of its messages says so.
  channel.on("error", () => {});
  const { promise: ended, resolve } = Promise.withResolvers<SandboxEnd>();
  child.on("error", (error) => {
    channel.destroy();
    resolve({ kind: "killed", by: error.message });
  });
  child.on("exit", (_code, signal) => resolve(signal ? { kind: "killed", by: signal } : { kind: "left" }));
  let stoppedLooks = 0;
  const look = setInterval(() => {
    stoppedLooks = mainThread(child.pid)?.stopped ? stoppedLooks + 1 : 0;
    if (stoppedLooks < mostStoppedLooks) return;
    resolve({ kind: "stopped" });
    child.kill("SIGKILL");
  }, lookEveryMs);
  void ended.then(() => clearInterval(look));
  let watch: Disposable | undefined;
  return {
    ended,
    scheduling,
    beginJob(bytes) {
      beNice(child.pid);
      const most = watchMemory(child.pid, bytes + ownBytes, (used) => {
        resolve({ kind: "out-of-memory", message: `the code's process had ${used} bytes of memory and was ended` });
        child.kill("SIGKILL");
      });
      watch = most;
      void ended.then(() => most[Symbol.dispose]());
    },
    cpuTime: () => cpuTime(child.pid),
    send(message) {
      const body = Buffer.from(JSON.stringify(message));
      const head = Buffer.allocUnsafe(4);
      head.writeUInt32LE(body.length);
      channel.write(Buffer.concat([head, body]));
    },
    messages: messagesOf(channel),
    [Symbol.dispose]() {
      watch?.[Symbol.dispose]();
      child.kill("SIGKILL");
      channel.destroy();
    },
  };
}

async function* messagesOf(channel: Duplex): AsyncGenerator<unknown> {
  const read = createFrameReader();
  try {
    for await (const piece of channel) yield* read(piece as Buffer);
  } catch (error) {
    // Reset by a process that was killed: the same as its end.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

let isolation: Promise<readonly string[]> | undefined;

/** A network of its own that leads nowhere, where the system lets us have one; a sandbox has no use for it in any case. */
function withoutNetwork(): Promise<readonly string[]> {
  const command = ["unshare", "--user", "--map-root-user", "--net"] as const;
  isolation ??= new Promise((resolve) => {
    const [program, ...flags] = command;
    const probe: ChildProcess = execFile(program, [...flags, "true"], (error) => resolve(error ? [] : command));
    probe.on("error", () => {});
  });
  return isolation;
}

// A worker has 10: an endless loop of one kind is not to take the CPU time of another language's workers.
const codeNiceness = 15;

function beNice(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, codeNiceness);
  } catch {
    // It has just ended, or the system does not let us: then it runs as its worker does.
  }
}
