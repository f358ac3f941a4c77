import { stat } from "node:fs/promises";
import { type Problem, problemText } from "../lib/parsed.ts";
import { problemsOfSet } from "./check-directory.ts";
import { hintsOf } from "./directory-hints.ts";
import { type DocumentSet, documentSetOf } from "./documents/document-set.ts";
import type { DirectoryWriter } from "./file-policy-store.ts";
import type { PolicyNote, PolicyStore } from "./policy-store.ts";
import { type KnownFiles, listDirectory, readFiles } from "./read-directory.ts";

export type DirectoryWatch = AsyncDisposable & {
  /** Looks at the directory now, and returns once what it holds is in force or refused. */
  look(): Promise<void>;
};

/**
 * Keeps the documents of a directory in force: reads it, applies what changed as one change, and does so again whenever its
 * files change. A set with anything wrong in it is refused whole and reported once, and what was in force stays. Returns after
 * the first look; throws when there is no such directory and no document of an earlier one either.
 *
 * Notifications are only a hint to look sooner (they get lost on network volumes, and when folders are replaced): every
 * `rescanMs` the directory is looked at anyway.
 */
export async function watchDirectory({
  dir,
  store,
  observe,
  now,
  rescanMs = 5_000,
}: {
  readonly dir: string;
  readonly store: DirectoryWriter & Pick<PolicyStore, "list" | "status">;
  readonly observe: (note: PolicyNote) => void;
  readonly now: () => Date;
  readonly rescanMs?: number;
}): Promise<DirectoryWatch> {
  let known: KnownFiles = new Map();
  let seen: { readonly marks: string; readonly set: DocumentSet; readonly unread: readonly Problem[] } | undefined;
  let isInForce = false;
  let said = "";
  let last: Promise<void> = Promise.resolve();
  let isClosed = false;

  function refuse(problems: readonly Problem[]): void {
    isInForce = false;
    const text = problems.map(problemText).join("\n");
    if (text === said) return;
    said = text;
    observe({ kind: "documents-refused", by: "config directory", through: "file", problems });
  }

  async function lookOnce(): Promise<void> {
    const listing = await listDirectory(dir).catch((cause: Error) => cause);
    if (listing instanceof Error) return refuse([unreadable(dir, listing)]);
    const { files, folders, problems: unlisted } = listing;
    hints.follow(folders);
    const marks = marksOf(files, unlisted);
    if (seen?.marks !== marks) {
      const { read, problems: unread } = await readFiles(dir, files, known);
      const again = await listDirectory(dir).catch(() => undefined);
      // Something moved while it was read: what was read may never have been there as a whole.
      if (again === undefined || marksOf(again.files, again.problems) !== marks) return hints.soon();
      known = read;
      const set = documentSetOf(
        [...read.values()].map(({ file }) => file),
        now(),
      );
      const areSettled = files.every(({ isSettled }) => isSettled);
      seen = { marks: areSettled ? marks : "", set, unread: [...unlisted, ...unread] };
      isInForce = false;
      if (!areSettled) hints.soon();
    }
    if (isInForce) return;
    const { isKnown, cause = "it has not answered yet" } = store.status();
    if (!isKnown) return refuse([{ at: "", says: `the documents in force are not known yet: ${cause}` }]);
    const held = store.heldByDirectory();
    // A volume that is not mounted (yet) is an empty directory too.
    if (files.length === 0 && unlisted.length === 0 && held > 0) return refuse([emptied(dir, held)]);
    if (seen.unread.length > 0 || seen.set.problems.length > 0)
      return refuse([...seen.unread, ...allProblems(seen.set)]);
    // Asked again at each look until it succeeds: a service that is missing now may be put over the API later.
    const outcome = await store.applyDirectory(seen.set.documents).catch((cause: Error) => cause);
    if (outcome instanceof Error) return refuse([{ at: "", says: outcome.message }]);
    if (outcome.kind === "refused") return refuse(outcome.problems);
    isInForce = true;
    said = "";
  }

  /** With those of how documents go together, which `applyDirectory` does not come to while any is wrong in itself. */
  function allProblems(set: DocumentSet): readonly Problem[] {
    const services = store.list("Service").map(({ name }) => name);
    return problemsOfSet({ ...set, endpointProblems: [] }, services);
  }

  function look(): Promise<void> {
    last = last.then(async () => {
      if (!isClosed) await lookOnce();
    });
    return last;
  }

  const hints = hintsOf(() => void look());
  if (store.heldByDirectory() === 0) await stat(dir).catch((cause) => Promise.reject(noDirectory(dir, cause)));
  await look();
  const rescan = setInterval(() => void look(), rescanMs);
  return {
    look,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearInterval(rescan);
      hints.close();
      await last;
    },
  };
}

function marksOf(
  files: readonly { readonly path: string; readonly mark: string }[],
  problems: readonly Problem[],
): string {
  return [...files.map(({ path, mark }) => `${path} ${mark}`), ...problems.map(problemText)].join("\n");
}

function emptied(dir: string, held: number): Problem {
  return {
    at: "",
    says: `${dir} is empty, and held ${held} documents before; nothing was removed: if that is meant, leave a file there with a comment only`,
  };
}

function unreadable(dir: string, cause: Error): Problem {
  return { at: "", says: `${dir} cannot be read, so what was in force stays: ${cause.message}` };
}

function noDirectory(dir: string, cause: unknown): Error {
  return new Error(`config directory ${dir} cannot be read: make it, or name another with --config`, { cause });
}
