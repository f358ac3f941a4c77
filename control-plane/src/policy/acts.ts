import { join } from "node:path";
import { z } from "zod";
import { StoreUnavailable } from "../lib/store-unavailable.ts";
import { openLines } from "./backends/journal-file.ts";
import { contentHash } from "./journal-chain.ts";
import type { PolicyNote, Vouched } from "./policy-store.ts";

/** What somebody does that no document holds. */
export type Act = {
  readonly verb:
    | "register"
    | "deregister"
    | "drain-endpoint"
    | "release-guard"
    | "set-log-level"
    | "cancel-report"
    | "retry-report";
  /** What it is done to: `registry/services/report/endpoints/r1`, `guard/report`, `log-levels`, `reports/42`. */
  readonly on: string;
  /** What it is then: `{address: "10.1.0.11:9090"}`. */
  readonly details?: Readonly<Record<string, string>>;
};

export type ActAuthor = {
  readonly by: string;
  readonly vouchedBy?: Vouched;
  readonly subject?: string;
  readonly reason: string;
};

/** A line of the journal of acts. */
export type ActEntry = Act &
  ActAuthor & {
    /** One more than the one before it; of this replica alone. */
    readonly act: number;
    readonly at: Date;
    /** The hash of the entry before it; empty for the first one. */
    readonly previous: string;
    /** SHA-256 of all of the above, in hexadecimal. */
    readonly hash: string;
  };

export type Acts = {
  /** Resolves once it is on the disk: only then may it be done. Rejects with `StoreUnavailable`. */
  record(act: Act, author: ActAuthor): Promise<void>;
  /** Newest first. */
  list(limit: number): readonly ActEntry[];
};

const kept = 1_000;

const entryShape = z.object({
  act: z.int().min(1),
  at: z.iso.datetime().transform((text) => new Date(text)),
  by: z.string(),
  vouchedBy: z.enum(["token", "certificate", "oidc"]).exactOptional(),
  subject: z.string().exactOptional(),
  reason: z.string(),
  verb: z.enum([
    ...["register", "deregister", "drain-endpoint", "release-guard", "set-log-level"],
    ...["cancel-report", "retry-report"],
  ] as Act["verb"][]),
  on: z.string(),
  details: z.record(z.string(), z.string()).exactOptional(),
  previous: z.string(),
  hash: z.string(),
});

/**
 * Keeps who did what that no document holds, in `acts.ndjson` beside the documents' journal and chained as that is. What comes
 * at the same time is written at once. `dir` must be locked by who calls.
 */
export async function openActs({
  dir,
  observe,
  now,
}: {
  readonly dir: string;
  readonly observe: (note: PolicyNote) => void;
  readonly now: () => Date;
}): Promise<Acts & AsyncDisposable> {
  const file = await openLines(join(dir, "acts.ndjson"), (line) => {
    const entry = entryShape.safeParse(jsonOf(line));
    return entry.success ? [entry.data] : [];
  });
  let entries: readonly ActEntry[] = file.entries.slice(-kept);
  let waiting: { readonly act: Act; readonly author: ActAuthor }[] = [];
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function write(): Promise<void> {
    const batch = waiting;
    waiting = [];
    next = undefined;
    const made: ActEntry[] = [];
    for (const { act, author } of batch) made.push(entryAfter(made.at(-1) ?? entries.at(-1), act, author, now()));
    try {
      await file.append(...made);
    } catch (cause) {
      throw new StoreUnavailable(
        `nothing was done, because it could not be written to the journal of acts in ${dir}: ${(cause as Error).message}`,
        { cause },
      );
    }
    entries = [...entries, ...made].slice(-kept);
    for (const entry of made) observe({ kind: "act-recorded", entry });
  }

  return {
    record(act, author) {
      waiting.push({ act, author });
      // One write after the one that is under way, for all that came meanwhile.
      if (next === undefined) {
        next = writing.then(write);
        writing = next.catch(() => undefined);
      }
      return next;
    },
    list: (limit) => entries.slice(-Math.max(0, limit)).reverse(),
    async [Symbol.asyncDispose]() {
      await writing;
      await file[Symbol.asyncDispose]();
    },
  };
}

function entryAfter(
  before: ActEntry | undefined,
  { verb, on, details }: Act,
  { by, vouchedBy, subject, reason }: ActAuthor,
  at: Date,
): ActEntry {
  const linked = {
    ...{ act: (before?.act ?? 0) + 1, at, by, ...(vouchedBy && { vouchedBy }), ...(subject && { subject }), reason },
    ...{ verb, on, ...(details && { details }), previous: before?.hash ?? "" },
  };
  return { ...linked, hash: contentHash(JSON.parse(JSON.stringify(linked)) as Parameters<typeof contentHash>[0]) };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
