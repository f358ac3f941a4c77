import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { inTime } from "./wait.ts";

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A child process of a test. Disposing of it ends it: SIGTERM, and SIGKILL after five seconds. */
export type RunningProcess = AsyncDisposable & {
  readonly name: string;
  readonly pid: number;
  /** What it said on stdout and stderr, as it came; the last 5,000 lines. */
  readonly lines: readonly string[];
  readonly exit: Promise<Exit>;
  /** The first line, said already or to come, that matches. */
  line(matches: RegExp | ((line: string) => boolean), within?: number): Promise<string>;
  /** The first line that is a JSON object and for which `is` holds. */
  json(is: (value: Record<string, unknown>) => boolean, within?: number): Promise<Record<string, unknown>>;
  /** Hears every line of stdout from now on. */
  onLine(listener: (line: string) => void): void;
  /** Writes a line to its stdin. */
  write(line: string): void;
  signal(signal: NodeJS.Signals): void;
  /** Ends it and waits for that: with SIGKILL if it has not ended after five seconds (or as many as are given). */
  stop(signal?: NodeJS.Signals, patienceMs?: number): Promise<Exit>;
};

// Linux's parent-death signal: a test run that is killed leaves nobody behind.
const withParent = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] : [];
const keptLines = 5_000;
const started = new Set<RunningProcess>();

// A test has failed only after what it started was disposed of: so all of them are shown, at the end of its file.
process.on("exit", (code) => {
  for (const child of started) {
    if (code !== 0 && child.lines.length > 0) process.stderr.write(`${lastWords(child)}\n`);
    child.signal("SIGKILL");
  }
});

/** Starts a program; does not wait for it to be ready. */
export function startProcess({
  name,
  command,
  args,
  env = {},
  cwd,
}: {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}): RunningProcess {
  const [program = command, ...all] = [...withParent, command, ...args];
  const child = spawn(program, all, { cwd, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const outListeners = new Set<(line: string) => void>();
  const hear = (line: string) => {
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    for (const listener of listeners) listener(line);
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    hear(line);
    for (const listener of outListeners) listener(line);
  });
  createInterface({ input: child.stderr }).on("line", hear);
  // Writing to a program that has just died is not this process's failure; its exit tells.
  child.stdin.on("error", () => undefined);

  const exited = Promise.withResolvers<Exit>();
  child.on("error", (cause) => {
    hear(`cannot be run: ${cause.message}`);
    exited.resolve({ code: 127, signal: null });
  });
  child.on("close", (code, signal) => exited.resolve({ code, signal }));

  const running: RunningProcess = {
    name,
    pid: child.pid ?? -1,
    lines,
    exit: exited.promise,
    line(matches, within = 10_000) {
      const is = typeof matches === "function" ? matches : (line: string) => matches.test(line);
      return heard((line) => (is(line) ? line : undefined), String(matches), within);
    },
    json(is, within = 10_000) {
      return heard(
        (line) => {
          const value = jsonObject(line);
          return value && is(value) ? value : undefined;
        },
        `a JSON line where ${is}`,
        within,
      );
    },
    onLine(listener) {
      outListeners.add(listener);
    },
    write(line) {
      child.stdin.write(`${line}\n`);
    },
    signal(signal) {
      child.kill(signal);
    },
    async stop(signal = "SIGTERM", patienceMs = 5_000) {
      child.kill(signal);
      const patience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      const exit = await exited.promise;
      clearTimeout(patience);
      return exit;
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
    },
  };
  started.add(running);
  return running;

  async function heard<T>(find: (line: string) => T | undefined, what: string, within: number): Promise<T> {
    const seen = Promise.withResolvers<T>();
    const listen = (line: string) => {
      const value = find(line);
      if (value !== undefined) seen.resolve(value);
    };
    listeners.add(listen);
    lines.forEach(listen);
    const gone = exited.promise.then(({ code, signal }): never => {
      throw new Error(`${name} ended (${signal ?? code}) before it said ${what}\n${lastWords(running)}`);
    });
    try {
      return await inTime(Promise.race([seen.promise, gone]), within, () => `${what}\n${lastWords(running)}`);
    } finally {
      listeners.delete(listen);
      gone.catch(() => undefined);
    }
  }
}

/** The end of what a process said, for error messages. */
export function lastWords({ name, pid, lines }: Pick<RunningProcess, "name" | "pid" | "lines">): string {
  return [`${name} (pid ${pid}) said last:`, ...lines.slice(-40).map((line) => line.slice(0, 500))].join("\n  ");
}

function jsonObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
