import { z } from "zod";
import { type Parsed, parsed, refused } from "../../lib/parsed.ts";

/** A text that is kept in parts, each under a key of its own that is never written twice. */
export type StoredText = { readonly sha256: string; readonly parts: readonly string[] };

/**
 * The one key that decides what is in force; everything else is only named by it. Whoever replaces it does so by
 * compare-and-set, so each head follows from the one before it.
 */
export type Head = {
  /** One more than the head before: also counts what is no revision. */
  readonly sequence: number;
  readonly revision: number;
  /** Made up by its writer, who can tell by it whether it was taken when no answer came. */
  readonly token: string;
  /** Who made the revision. */
  readonly by: string;
  readonly at: Date;
  /** The documents, by the beginning of the hash of their keys. */
  readonly leaves: ReadonlyMap<string, StoredText>;
  /** What the watched directories hold. */
  readonly directory: StoredText;
  /** The hash of the newest entry of the journal, which the next one names; absent before there were hashes. */
  readonly journal?: string;
  /** The store had lost its head, and a replica put this one back that it knew by this sequence. */
  readonly restoredFrom?: number;
};

const format = 1;

const storedText = z.object({ sha256: z.string(), parts: z.array(z.string()) });
const shape = z.object({
  sequence: z.int().min(1),
  revision: z.int().min(0),
  token: z.string(),
  by: z.string(),
  at: z.iso.datetime().transform((text) => new Date(text)),
  leaves: z.record(z.string(), storedText),
  directory: storedText,
  journal: z.string().exactOptional(),
  restoredFrom: z.int().optional(),
});

export function headText({ leaves, ...rest }: Head): string {
  return JSON.stringify({ format, ...rest, leaves: Object.fromEntries(leaves) });
}

export function parseHead(text: string): Parsed<Head> {
  const raw = jsonOf(text);
  const written = z.object({ format: z.int() }).safeParse(raw);
  if (!written.success) return refused({ at: "", says: "is nothing that Weir wrote" });
  if (written.data.format > format)
    return refused({ at: "", says: "was written by a newer version of Weir: start that version here too" });
  const head = shape.safeParse(raw);
  if (!head.success)
    return refused(...head.error.issues.map(({ path, message }) => ({ at: path.join("."), says: message })));
  const { leaves, restoredFrom, ...rest } = head.data;
  return parsed({
    ...rest,
    leaves: new Map(Object.entries(leaves)),
    ...(restoredFrom !== undefined && { restoredFrom }),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
