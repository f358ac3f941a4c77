import type { Problem } from "../../control-plane/src/lib/parsed.ts";
import type { Book } from "../../control-plane/src/model/world.ts";
import { buildBook, emptyBook } from "../../control-plane/src/policy/documents/book.ts";
import { type ParsedDocument, parseDocument } from "../../control-plane/src/policy/documents/parse-document.ts";
import { type Path, pathText } from "../../control-plane/src/policy/documents/path-text.ts";
import { pathOfText } from "../../control-plane/src/policy/documents/place-problems.ts";
import { isJsonObject } from "../../control-plane/src/policy/documents/plain-json.ts";

/** Documents that validation accepts, and what they say together. */
export type GoodSet = { readonly documents: readonly unknown[]; readonly book: Book };

const mostRounds = 30;

/**
 * Takes out of documents what validation finds wrong, a field or an entry at a time, until it finds nothing: what is left is
 * as odd as what was made up, but valid. Undefined where nothing is left of it.
 */
export function mendDocuments(madeUp: readonly unknown[], now: Date): GoodSet | undefined {
  const drafts = madeUp.map(
    (document, index): Draft => ({ document: structuredClone(document), index, good: undefined }),
  );
  for (let round = 0; round < mostRounds && drafts.length > 0; round += 1) {
    const documents = drafts.map(({ document }) => document);
    const verdict = judge(drafts, now);
    if ("book" in verdict) return { documents, book: verdict.book };
    const problems =
      round === 0
        ? verdict.problems.toReversed().filter((problem) => !madeToFit(documents, problem))
        : verdict.problems;
    const paths = innermost(problems.flatMap((problem) => pathsOf(problem, documents)));
    for (const { at } of verdict.problems) forgetVerdict(drafts, pathOfText(at));
    // From the back, so that an entry's place still holds when another of its list was taken out.
    for (const path of paths.sort(byPlaceBackwards)) takeOut(documents, path);
    const left = drafts.filter(({ document }) => documents.includes(document));
    drafts.splice(0, drafts.length, ...left);
    for (const [index, draft] of drafts.entries()) draft.index = index;
  }
  return undefined;
}

/** A document in the making; `good` is what it says once it is right by itself, until it is changed. */
type Draft = { readonly document: unknown; index: number; good: ParsedDocument | undefined };

function judge(
  drafts: readonly Draft[],
  now: Date,
): { readonly book: Book } | { readonly problems: readonly Problem[] } {
  const problems = drafts.flatMap((draft) => {
    if (draft.good !== undefined) return [];
    const where = (path: Path) => ({ at: pathText([draft.index, ...path]) });
    const result = parseDocument(draft.document, { now, where });
    if (!result.ok) return result.problems;
    draft.good = result.value;
    return [];
  });
  if (problems.length > 0) return { problems };
  const book = buildBook(
    emptyBook,
    drafts.flatMap(({ good }) => good ?? []),
    { revision: 1 },
  );
  return book.ok ? { book: book.value } : { problems: book.problems };
}

function forgetVerdict(drafts: readonly Draft[], [index]: Path): void {
  const draft = drafts[Number(index)];
  if (draft !== undefined) draft.good = undefined;
}

/** What is wrong with a whole may be right when what is wrong inside it is gone. */
function innermost(paths: readonly Path[]): Path[] {
  const texts = paths.map(pathText);
  return paths.filter((_, index) => !texts.some((other) => within(other, texts[index])));
}

function within(text: string, outer = ""): boolean {
  return text.startsWith(outer) && /^[.[]/.test(text.slice(outer.length));
}

/** Where two fields exclude each other any of them may stay: always the first would never show what the others do. */
function pathsOf({ at, says }: Problem, documents: readonly unknown[]): readonly Path[] {
  const path = pathOfText(at);
  const [, names] = /^expected only one of .*, not (.+) together$/.exec(says) ?? [];
  if (names === undefined) return [path];
  const fields = names.split(" and ");
  const kept = JSON.stringify(valueAt(documents, path.slice(0, -1))).length % fields.length;
  return fields.toSpliced(kept, 1).map((field) => [...path.slice(0, -1), field]);
}

/** A field "is for RingHash and Maglev, not LeastRequest": sets a type that it is for, and tells whether it could. */
function madeToFit(documents: readonly unknown[], { at, says }: Problem): boolean {
  const [, wanted = "", found] = /^is for ([\w, ]+), not (\w+)$/.exec(says) ?? [];
  const parent = valueAt(documents, pathOfText(at).slice(0, -1));
  if (wanted === "" || !isJsonObject(parent) || (parent["type"] ?? found) !== found) return false;
  const types = wanted.split(/, | and /);
  Object.assign(parent, { type: types[JSON.stringify(parent).length % types.length] });
  return true;
}

/** What is there; or, where something is missing or nothing may be missing, what it is missing in. */
function takeOut(documents: unknown[], path: Path): void {
  const [index, ...inside] = path;
  if (typeof index !== "number") throw new Error(`no document is told by ${pathText(path)}`);
  const wholeDocument = inside.length < 2 || inside[0] === "metadata";
  if (wholeDocument) documents.splice(index, 1);
  else if (!removed(documents, path)) takeOut(documents, path.slice(0, -1));
}

function removed(documents: unknown[], path: Path): boolean {
  const last = path.at(-1);
  const parent = valueAt(documents, path.slice(0, -1));
  if (valueIn(parent, last) === undefined || last === undefined) return false;
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent as object, last);
  return true;
}

function valueAt(documents: readonly unknown[], path: Path): unknown {
  return path.reduce<unknown>((value, step) => valueIn(value, step), documents);
}

function valueIn(value: unknown, step: string | number | undefined): unknown {
  if (typeof value !== "object" || value === null || step === undefined || !Object.hasOwn(value, step))
    return undefined;
  return (value as Record<string | number, unknown>)[step];
}

function byPlaceBackwards(a: Path, b: Path): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]];
    if (left === right) continue;
    if (typeof left === "number" && typeof right === "number") return right - left;
    return String(left) < String(right) ? 1 : -1;
  }
  return 0;
}
