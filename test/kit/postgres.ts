import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { appendFile, chmod, chown } from "node:fs/promises";
import { join } from "node:path";
import { type Folder, makeFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { lastWords, type RunningProcess, startProcess } from "./process.ts";

/** A real Postgres server on the loopback address, which lives as long as the test. */
export type PostgresServer = AsyncDisposable & {
  readonly port: number;
  /** `127.0.0.1:port`, for a URL of several hosts. */
  readonly host: string;
  /** Of a database in it, by default the one that is always there. */
  url(database?: string): string;
  /** Runs SQL with psql, as the superuser, and answers what it prints. */
  sql(text: string, database?: string): string;
  /** Of the process that all its others are children of. */
  pid(): number;
  /** The processor time of all its processes so far, also of those that have ended. */
  cpuMs(): number;
  /** kill -9, of every process that it has. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Makes a primary of a standby. */
  promote(): void;
  /** Starts a standby that follows this one. */
  standby(name: string): Promise<PostgresServer>;
  /**
   * Starts this one, which was stopped or killed, as a standby of `primary`: pg_rewind takes back what that one does not
   * have. Needs checksums.
   */
  rejoin(primary: PostgresServer): Promise<void>;
};

export type PostgresOptions = {
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Of data pages, without which a server cannot `rejoin`. */
  readonly checksums?: boolean;
};

const user = "weir";
// Postgres does not run as root; this one may do nothing but that.
const asRoot = process.getuid?.() === 0;
const nobody = 65534;

/** Starts a primary of its own: nothing in it but what every cluster has. Writes are on disk only if `settings` say so. */
export async function startPostgres({
  settings = [],
  checksums = false,
}: PostgresOptions = {}): Promise<PostgresServer> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await ownFolder("postgres"));
  const data = join(folder.path, "data");
  const options = ["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", ...(checksums ? ["--data-checksums"] : [])];
  run("initdb", ["-D", data, "-U", user, ...options]);
  const server = starting.use(await startServer("postgres", data, settings));
  const started = starting.move();
  return { ...server, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

async function startServer(name: string, data: string, settings: readonly string[]): Promise<PostgresServer> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const url = (database = "postgres") => `postgres://${user}@${host}/${database}`;
  const options = [
    ...["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories=", "logging_collector=off"],
    ...["fsync=off", "shared_buffers=32MB", "max_connections=200", "max_wal_senders=10", "wal_level=replica"],
    ...[`cluster_name=${name}`, "hot_standby=on", "wal_receiver_timeout=2s", "wal_retrieve_retry_interval=200ms"],
    ...settings,
  ];
  const begin = async () => {
    const [command, ...args] = commandOf("postgres", ["-D", data, ...options.flatMap((option) => ["-c", option])]);
    const process = startProcess({ name, command: command ?? "", args });
    await process.line(/database system is ready to accept/, 30_000).catch((cause) => {
      throw new Error(lastWords(process), { cause });
    });
    return process;
  };
  let running: RunningProcess = await begin();
  const stop = async () => {
    signalAll(running.pid, "SIGCONT");
    // SIGINT: ends at once, without waiting for clients to leave.
    await running.stop("SIGINT");
  };
  const server: PostgresServer = {
    port,
    host,
    url,
    sql: (text, database) => run("psql", ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database), "-c", text]),
    pid: () => running.pid,
    cpuMs: () => {
      const live = childrenOf(running.pid).map((pid) => cpuTicks(pid, false));
      return (cpuTicks(running.pid, true) + live.reduce((sum, ticks) => sum + ticks, 0)) * 10;
    },
    async kill() {
      signalAll(running.pid, "SIGKILL");
      await running.exit;
    },
    stop,
    async start() {
      running = await begin();
    },
    freeze: () => signalAll(running.pid, "SIGSTOP"),
    thaw: () => signalAll(running.pid, "SIGCONT"),
    promote: () => void run("pg_ctl", ["-D", data, "-w", "promote"]),
    async standby(standbyName) {
      await using starting = new AsyncDisposableStack();
      const folder = starting.use(await ownFolder("standby"));
      const copy = join(folder.path, "data");
      const source = `host=127.0.0.1 port=${port} user=${user} application_name=${standbyName}`;
      run("pg_basebackup", ["-d", source, "-D", copy, "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
      const standby = starting.use(await startServer(standbyName, copy, settings));
      const started = starting.move();
      return { ...standby, [Symbol.asyncDispose]: () => started.disposeAsync() };
    },
    async rejoin(primary) {
      // Until one has ended since its promotion, pg_rewind takes it for a server of the old timeline, and does nothing.
      primary.sql("checkpoint");
      // pg_rewind first ends the recovery of a killed server, which must not remove the log that it then looks into.
      await appendFile(join(data, "postgresql.auto.conf"), "wal_keep_size = '1GB'\n");
      const source = `host=127.0.0.1 port=${primary.port} user=${user} dbname=postgres application_name=${name}`;
      run("pg_rewind", ["-D", data, `--source-server=${source}`, "-R", "--no-sync"]);
      running = await begin();
    },
    [Symbol.asyncDispose]: stop,
  };
  return server;
}

/** Why there is no Postgres to start; false where there is one. For the `skip` of tests. */
export const lacksPostgres: string | false = process.env["WEIR_POSTGRES"]
  ? false
  : "there is no PostgreSQL here; npm test unpacks Debian's, or name its folder of programs in WEIR_POSTGRES";

function programs(): string {
  const path = process.env["WEIR_POSTGRES"];
  if (!path)
    throw new Error("WEIR_POSTGRES names no folder: run tests with npm test, which finds or unpacks PostgreSQL");
  return path;
}

function commandOf(program: string, args: readonly string[]): readonly string[] {
  const command = [join(programs(), program), ...args];
  if (!asRoot) return ["/usr/bin/env", ...environment(), ...command];
  const become = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--pdeathsig", "KILL", "--"];
  return ["/usr/bin/setpriv", ...become, "/usr/bin/env", ...environment(), ...command];
}

// What was unpacked instead of installed was built to find its libraries where Debian installs them.
function environment(): readonly string[] {
  const root = /^(.*\.weir\/postgres)\//.exec(programs())?.[1];
  if (root === undefined) return [];
  const libraries = spawnSync("find", [join(root, "usr", "lib"), "-maxdepth", "1", "-name", "*-linux-gnu*"]);
  return [`LD_LIBRARY_PATH=${libraries.stdout.toString().trim().split("\n").join(":")}`];
}

function run(program: string, args: readonly string[]): string {
  const [command = "", ...all] = commandOf(program, args);
  const { status, stdout, stderr, error } = spawnSync(command, all, { encoding: "utf8", cwd: "/" });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
  return stdout.trim();
}

async function ownFolder(name: string): Promise<Folder> {
  const folder = await makeFolder(name);
  if (!asRoot) return folder;
  await chmod(folder.path, 0o755);
  await chown(folder.path, nobody, nobody);
  return folder;
}

/** Postgres has a process for each connection. */
function signalAll(postmaster: number, signal: NodeJS.Signals): void {
  const pids = [postmaster, ...childrenOf(postmaster)];
  for (const pid of signal === "SIGCONT" ? pids : pids.toReversed()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function childrenOf(postmaster: number): readonly number[] {
  const children = spawnSync("ps", ["-o", "pid=", "--ppid", String(postmaster)], { encoding: "utf8" }).stdout;
  return children.split(/\s+/).filter(Boolean).map(Number);
}

// utime, stime and what ended children had, of proc_pid_stat(5), in ticks of 10 ms.
function cpuTicks(pid: number, withEnded: boolean): number {
  try {
    const fields = (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "").split(" ").map(Number);
    return fields.slice(11, withEnded ? 15 : 13).reduce((sum, ticks) => sum + ticks, 0);
  } catch {
    return 0;
  }
}
