import { watch as watchFolder } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { problemText } from "../../lib/parsed.ts";
import { pause } from "../../lib/wait.ts";
import type { FileFeed, Sighting, WatchFeed } from "../feed.ts";
import { parseEndpointFile } from "./parse-endpoint-file.ts";

export type FileSourceOptions = {
  /** Where relative paths begin, and what no path may leave; undefined when there is no directory of documents. */
  readonly dir: string | undefined;
  /** How often a file is looked at even if nothing was heard of it: some file systems tell nobody. */
  readonly rescanMs?: number;
};

const settleMs = 20;
const largestBytes = 16 * 1024 * 1024;

/** Watches endpoint files. What is wrong with a file is a failure with its lines; the endpoints it gave before stay. */
export function createFileSource({ dir, rescanMs = 5_000 }: FileSourceOptions): {
  readonly watch: WatchFeed<FileFeed>;
} {
  async function* watch(feed: FileFeed, signal: AbortSignal): AsyncGenerator<Sighting> {
    let before: string | undefined;
    for (;;) {
      // Listening begins before reading, so that a change in between is heard.
      using changes = listen(dir === undefined ? undefined : dirname(resolve(dir, feed.path)), signal);
      const sighting = await look(feed);
      const shown = sighting.kind === "seen" ? `seen ${sighting.text}` : `failed ${sighting.cause.message}`;
      if (signal.aborted) return;
      if (shown !== before)
        yield sighting.kind === "seen" ? { kind: "seen", endpoints: sighting.endpoints, skipped: [] } : sighting;
      before = shown;
      await changes.next(rescanMs);
      // An editor or a deployment writes in several steps.
      await pause(settleMs, signal);
      if (signal.aborted) return;
    }
  }

  async function look({ path, source }: FileFeed) {
    try {
      const file = insideOf(dir, path);
      const { size } = await stat(file);
      if (size > largestBytes) throw new Error(`${path}: is ${size} bytes long, at most ${largestBytes} are read`);
      const text = await readFile(file, "utf8");
      const endpoints = parseEndpointFile(text, path, source);
      if (!endpoints.ok) throw new Error(endpoints.problems.map(problemText).join("\n"));
      return { kind: "seen", text, endpoints: endpoints.value } as const;
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
      const code = (cause as NodeJS.ErrnoException).code;
      const told = code === undefined ? cause : new Error(`${path}: cannot be read (${code})`, { cause });
      return { kind: "failed", cause: told } as const;
    }
  }

  return { watch };
}

/** Documents come over the API too: what they name must not reach the rest of the machine. */
function insideOf(dir: string | undefined, path: string): string {
  if (dir === undefined)
    throw new Error(`${path}: endpoint files are looked for in the directory of documents; give one with --config DIR`);
  const file = resolve(dir, path);
  const within = relative(resolve(dir), file);
  if (isAbsolute(within) || within === ".." || within.startsWith(`..${sep}`))
    throw new Error(`${path}: is outside of ${dir}; endpoint files stand in the directory of documents`);
  return file;
}

/**
 * Tells of changes in a folder: the folder rather than the file, because editors and Kubernetes replace a file instead of
 * writing into it. A folder that cannot be watched is heard of by looking again.
 */
function listen(folder: string | undefined, signal: AbortSignal) {
  const heard = new AbortController();
  const stop = () => heard.abort();
  let watcher: ReturnType<typeof watchFolder> | undefined;
  try {
    if (folder !== undefined) watcher = watchFolder(folder, { persistent: false }, stop).on("error", stop);
  } catch {
    watcher = undefined;
  }
  signal.addEventListener("abort", stop);
  return {
    /** Resolves at the first change since the beginning, after `withinMs`, or when the signal aborts. */
    next: (withinMs: number) => pause(withinMs, heard.signal),
    [Symbol.dispose]() {
      signal.removeEventListener("abort", stop);
      watcher?.close();
    },
  };
}
