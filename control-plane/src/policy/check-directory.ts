import type { Problem } from "../lib/parsed.ts";
import { buildBook, emptyBook } from "./documents/book.ts";
import { type DocumentSet, documentSetOf } from "./documents/document-set.ts";
import type { ParsedDocument } from "./documents/parse-document.ts";
import { listDirectory, readFiles } from "./read-directory.ts";

/**
 * Everything wrong with the documents and endpoint files of a directory, taken by themselves, as `weir check DIR` says it;
 * a running server may know more documents, from its API. Throws when the directory itself cannot be read.
 */
export async function checkDirectory(
  dir: string,
  now: Date = new Date(),
): Promise<{ readonly problems: readonly Problem[]; readonly documents: readonly ParsedDocument[] }> {
  const { files, problems: unlisted } = await listDirectory(dir);
  const { read, problems: unread } = await readFiles(dir, files);
  const set = documentSetOf(
    [...read.values()].map(({ file }) => file),
    now,
  );
  const documents = set.documents.map(({ document }) => document);
  return { problems: [...unlisted, ...unread, ...problemsOfSet(set)], documents };
}

/**
 * All that is wrong with a set of documents, in the order in which they stand. `elsewhere` names services that are known from
 * somewhere else, and may be referred to.
 */
export function problemsOfSet(
  { documents, brokenServices, problems, endpointProblems }: DocumentSet,
  elsewhere: readonly string[] = [],
): readonly Problem[] {
  const book = buildBook(
    emptyBook,
    documents.map(({ document }) => document),
    { revision: 0, broken: new Set([...brokenServices, ...elsewhere]) },
  );
  return [...problems, ...(book.ok ? [] : book.problems), ...endpointProblems].toSorted(byPlace);
}

function byPlace({ source: a }: Problem, { source: b }: Problem): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
