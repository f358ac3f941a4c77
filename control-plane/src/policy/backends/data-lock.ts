import { readFileSync } from "node:fs";
import { open, readFile, rename, stat, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { kill, pid } from "node:process";

/** Who holds a data directory. `born` is when the process began, so that a pid used again is told apart. */
type Holder = { readonly pid: number; readonly host: string; readonly born: string };

const beatMs = 5_000;
/** On another host (another container, with the directory on a volume) a process cannot be looked for, only its beats. */
const silentMs = 30_000;

const heldHere = new Set<string>();

/** Keeps a second process out of a data directory: two writers would lose each other's changes. */
export async function lockDirectory(dir: string): Promise<AsyncDisposable> {
  const path = join(dir, "lock");
  if (heldHere.has(path)) throw new Error(`data directory ${dir}: this very process has it open already`);
  heldHere.add(path);
  const mine: Holder = { pid, host: hostname(), born: birthOf(pid) };
  try {
    await take(path, mine, dir);
  } catch (cause) {
    heldHere.delete(path);
    throw cause;
  }
  const beat = setInterval(() => {
    const now = new Date();
    // A missed beat matters only to other hosts, and only six times in a row.
    utimes(path, now, now).catch(() => undefined);
  }, beatMs);
  beat.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      await unlink(path).catch(() => undefined);
      heldHere.delete(path);
    },
  };
}

async function take(path: string, mine: Holder, dir: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await create(path, mine)) return;
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const inUse = await whyInUse(path, text, mine);
    if (inUse !== undefined)
      throw new Error(`data directory ${dir} is in use by ${inUse}: end that process, or use another --data directory`);
    await removeStale(path, text);
  }
  throw new Error(`data directory ${dir}: other processes keep taking its lock; end them, or use another directory`);
}

async function create(path: string, mine: Holder): Promise<boolean> {
  try {
    await using file = await open(path, "wx");
    await file.writeFile(JSON.stringify(mine));
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return false;
    throw cause;
  }
}

async function whyInUse(path: string, text: string, mine: Holder): Promise<string | undefined> {
  const holder = holderOf(text);
  const silent = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  // Between its creation and its first byte the file is empty.
  if (holder === undefined) return silent < 1_000 ? "a process that is just starting" : undefined;
  if (holder.host === mine.host) {
    const lives = isAlive(holder.pid) && holder.pid !== mine.pid && birthOf(holder.pid) === holder.born;
    return lives ? `process ${holder.pid}` : undefined;
  }
  if (silent > silentMs) return undefined;
  return `process ${holder.pid} on ${holder.host}, which gave a sign of life ${Math.round(silent / 1000)} s ago (if it is gone, wait ${silentMs / 1000} s)`;
}

/** Of two processes that find the same stale lock, one gets it; what the other took away by mistake it puts back. */
async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${pid}`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return;
    throw cause;
  }
  if ((await readFile(aside, "utf8")) === text) await unlink(aside);
  else await rename(aside, path);
}

function holderOf(text: string): Holder | undefined {
  try {
    const { pid, host, born } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" && typeof born === "string"
      ? { pid, host, born }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (cause) {
    // EPERM: it lives, as another user.
    return codeOf(cause) === "EPERM";
  }
}

/**
 * The process's start in clock ticks since boot, field 22 of proc_pid_stat(5); empty where there is no /proc. A zombie has
 * none: it holds nothing any more, but stays in the table where nobody reaps it, as in a container without an init.
 */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "a zombie" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}
