import { createHash } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { type Parsed, type Problem, parsed, problemText, refused } from "../lib/parsed.ts";
import { endpointEntry, parseEndpointEntry } from "../model/endpoint-entry.ts";
import { parseSourceName } from "../model/names.ts";
import type { Endpoint } from "../model/service.ts";
import type { FeedKey, FeedStates, SavedFeed, SavedFeeds, SourceNote } from "./feed.ts";
import { createWriteBehind } from "./write-behind.ts";
import { writeWhole } from "./write-whole.ts";

/** What the sources said last, kept on the disk for the next start. */
export type SavedWorld = AsyncDisposable & {
  /** What the run before had seen; empty at the first start, and after a damaged file. */
  readonly feeds: SavedFeeds;
  /** Keeps these from now on; written soon, whole, and once for many changes. */
  keep(states: FeedStates): void;
};

const feedSchema = z.object({ source: z.string(), at: z.iso.datetime(), endpoints: z.array(z.unknown()) });
const worldSchema = z.object({ version: z.literal(1), feeds: z.record(z.string(), feedSchema) });

/**
 * Reads what was saved. A file that is damaged (its checksum does not hold) is told of, put aside and passed over: it never
 * keeps Weir from starting.
 */
export async function openSavedWorld({
  file,
  observe,
}: {
  readonly file: string;
  readonly observe: (note: SourceNote) => void;
}): Promise<SavedWorld> {
  const feeds = await readSaved(file, observe);
  let newest = new Map<FeedKey, { readonly source: string; readonly saved: SavedFeed }>();
  let written = "";
  const store = createWriteBehind({
    write: async () => {
      const text = savedText(newest);
      if (text === written) return;
      await writeWhole(file, text);
      written = text;
    },
    failed: (cause) => observe({ kind: "saved-world-unsaved", file, cause }),
    delayMs: 1_000,
  });
  return {
    feeds,
    keep(states) {
      const before = newest;
      newest = new Map();
      for (const [key, { feed, state }] of states) {
        // The registry keeps its own file, with leases.
        if (feed.kind === "registry") continue;
        const saved = state.kind === "waiting" ? feeds.get(key) : { endpoints: state.endpoints, at: state.at };
        if (saved) newest.set(key, { source: feed.source, saved });
      }
      if (!sameEndpoints(before, newest)) store.touch();
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

type Kept = ReadonlyMap<FeedKey, { readonly source: string; readonly saved: SavedFeed }>;

// An answer that says the same again is not worth a write: the age of what is saved is that of its last change.
function sameEndpoints(a: Kept, b: Kept): boolean {
  if (a.size !== b.size) return false;
  for (const [key, { saved }] of b) if (a.get(key)?.saved.endpoints !== saved.endpoints) return false;
  return true;
}

function savedText(kept: Kept): string {
  const entries = [...kept].map(([key, { source, saved }]) => {
    const feed = { source, at: saved.at.toISOString(), endpoints: saved.endpoints.map(endpointEntry) };
    return `${JSON.stringify(key)}:${JSON.stringify(feed)}`;
  });
  const body = `{"version":1,"feeds":{\n${entries.join(",\n")}\n}}\n`;
  return `${checksum(body)}\n${body}`;
}

/** Reads the text of a saved world: its checksum, then JSON. */
export function parseSaved(text: string): Parsed<SavedFeeds> {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== checksum(body))
    return refused({ at: "", says: "its checksum does not hold: it was cut off or changed" });
  const world = worldSchema.safeParse(JSON.parse(body));
  if (!world.success)
    return refused(...world.error.issues.map(({ path, message }) => ({ at: path.join("."), says: message })));
  const problems: Problem[] = [];
  const feeds = new Map<FeedKey, SavedFeed>();
  for (const [key, { source, at, endpoints }] of Object.entries(world.data.feeds)) {
    const sourceName = parseSourceName(source);
    if (!sourceName) {
      problems.push({ at: key, says: `"${source}" names no source` });
      continue;
    }
    const read = endpoints.flatMap((raw, index): readonly Endpoint[] => {
      const endpoint = parseEndpointEntry(raw, `${key}[${index}]`, sourceName);
      if (!endpoint.ok) problems.push(...endpoint.problems);
      return endpoint.ok ? [endpoint.value] : [];
    });
    feeds.set(key, { endpoints: read, at: new Date(at) });
  }
  return problems.length > 0 ? { ok: false, problems } : parsed(feeds);
}

async function readSaved(file: string, observe: (note: SourceNote) => void): Promise<SavedFeeds> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new Error(`saved world: ${file} cannot be read; make it readable, or give another data directory`, { cause });
  }
  const saved = parseSaved(text);
  if (saved.ok) return saved.value;
  const keptAs = `${file}.damaged`;
  await rename(file, keptAs);
  const cause = new Error(saved.problems.slice(0, 5).map(problemText).join("; "));
  observe({ kind: "saved-world-damaged", file, keptAs, cause });
  return new Map();
}

function checksum(body: string): string {
  return `sha256 ${createHash("sha256").update(body).digest("hex")}`;
}
