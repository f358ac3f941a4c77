import type { Problem } from "../../lib/parsed.ts";
import { parseEndpointList } from "../../model/endpoint-entry.ts";
import { parseSourceName, type SourceName } from "../../model/names.ts";
import type { ParsedDocument } from "./parse-document.ts";
import { pathOfText } from "./place-problems.ts";
import { isJsonObject } from "./plain-json.ts";
import { documentsOf, type YamlDocuments } from "./yaml-documents.ts";
import { readYaml, type YamlValue } from "./yaml-values.ts";

export type TextFile = {
  /** Relative to the config directory, with `/`. */
  readonly path: string;
  readonly text: string;
};

/** A document of a directory, with the file it stands in. */
export type FiledDocument = { readonly file: string; readonly document: ParsedDocument };

export type DocumentSet = {
  readonly documents: readonly FiledDocument[];
  /** Names of Services that are there but wrong in themselves. */
  readonly brokenServices: ReadonlySet<string>;
  /** What is wrong with single documents; how they go together is `buildBook`'s. */
  readonly problems: readonly Problem[];
  /** What is wrong with endpoint files, for `weir check`: a running server leaves those to the source that reads them. */
  readonly endpointProblems: readonly Problem[];
};

type Checked = YamlDocuments & {
  readonly path: string;
  readonly values: readonly YamlValue[];
  readonly syntax: readonly Problem[];
};

// A large file takes a second to read: a change of another one does not read it again.
const checkedFiles = new WeakMap<TextFile, Checked>();

/**
 * The documents of a directory's files. An endpoint file is no document: it is known by its content, a list instead of
 * fields, or by a Service that names it, so that one that is broken for a moment does not stand in the documents' way.
 * The very same file is checked once, at its first `now`.
 */
export function documentSetOf(files: readonly TextFile[], now: Date): DocumentSet {
  const parsed = files.map((file) => checkedFile(file, now));
  const named = new Set(parsed.flatMap(({ documents }) => documents.flatMap(filesNamedBy)));
  const isEndpointFile = ({ path, values }: Checked) =>
    (values.length > 0 && values.every((each) => !isNoList(each))) || (named.has(path) && !values.some(isDocument));

  const documentFiles = parsed.filter((file) => !isEndpointFile(file));
  return {
    documents: documentFiles.flatMap(({ path, documents }) => documents.map((document) => ({ file: path, document }))),
    brokenServices: new Set(
      documentFiles.flatMap(({ broken }) => broken.filter(({ kind }) => kind === "Service").map(({ name }) => name)),
    ),
    problems: documentFiles.flatMap(({ values, syntax, problems }) => [...syntax, ...mixed(values), ...problems]),
    endpointProblems: [
      ...parsed.filter(isEndpointFile).flatMap(endpointFileProblems),
      ...documentFiles.flatMap(({ documents }) =>
        documents.flatMap((each) => missingFiles(each, parsed, isEndpointFile)),
      ),
    ],
  };
}

function checkedFile(file: TextFile, now: Date): Checked {
  const known = checkedFiles.get(file);
  if (known) return known;
  const { values, problems: syntax } = readYaml(file.text, file.path);
  const checked = { path: file.path, values, syntax, ...documentsOf(values.filter(isNoList), now) };
  checkedFiles.set(file, checked);
  return checked;
}

function isNoList({ value }: YamlValue): boolean {
  return !Array.isArray(value);
}

function isDocument({ value }: YamlValue): boolean {
  return isJsonObject(value) && (Object.hasOwn(value, "apiVersion") || Object.hasOwn(value, "kind"));
}

function mixed(values: readonly YamlValue[]): Problem[] {
  const says =
    "is a list among documents; endpoints go into a file of their own, which a Service names: file: {path: …}";
  return values.filter((each) => !isNoList(each)).map(({ where }) => ({ ...where([]), says }));
}

function filesNamedBy(document: ParsedDocument): string[] {
  if (document.kind !== "Service") return [];
  return document.model.origins.flatMap((origin) => (origin.kind === "file" ? [origin.path] : []));
}

function missingFiles(
  document: ParsedDocument,
  files: readonly Checked[],
  isEndpointFile: (file: Checked) => boolean,
): Problem[] {
  if (document.kind !== "Service") return [];
  return document.model.origins.flatMap((origin, index) => {
    if (origin.kind !== "file") return [];
    const place = document.where(["spec", "endpoints", index, "file", "path"]);
    const file = files.find(({ path }) => path === origin.path);
    if (file === undefined) return [{ ...place, says: `there is no file "${origin.path}" in the config directory` }];
    return isEndpointFile(file)
      ? []
      : [{ ...place, says: `"${origin.path}" holds documents, not a list of endpoints` }];
  });
}

const fileSource = parseSourceName("file") as SourceName;

function endpointFileProblems({ path, values, syntax }: Checked): Problem[] {
  const [first, ...others] = values;
  const start = { file: path, line: 1, column: 1 };
  if (syntax.length > 0) return [...syntax];
  if (first === undefined) return [{ at: "", says: "expected a list of endpoints; [] is none", source: start }];
  const extra = others.map(({ where }) => ({ ...where([]), says: "expected one list in an endpoint file" }));
  const list = parseEndpointList(first.value, "", fileSource);
  if (list.ok) return extra;
  return [...list.problems.map(({ at, says }) => ({ ...placeOf(at, first), says })), ...extra];
}

/** The list is checked by the model, which speaks of paths as text. */
function placeOf(at: string, { where }: YamlValue): Pick<Problem, "at" | "source"> {
  return { ...where(pathOfText(at)), at };
}
