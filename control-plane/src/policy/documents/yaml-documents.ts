import { type Parsed, type Problem, parsed } from "../../lib/parsed.ts";
import type { DocumentKind } from "../policy-store.ts";
import { documentKinds } from "./document-schemas.ts";
import { type ParsedDocument, parseDocument } from "./parse-document.ts";
import { valueAt } from "./plain-json.ts";
import { readYaml, type YamlValue } from "./yaml-values.ts";

/** What a file holds. Documents that are wrong are told apart by name where they have one, for references to them. */
export type YamlDocuments = {
  readonly documents: readonly ParsedDocument[];
  readonly broken: readonly { readonly kind: DocumentKind; readonly name: string }[];
  readonly problems: readonly Problem[];
};

/** The documents of a YAML or JSON file, each checked by itself; `file` is only for messages. */
export function parseYamlDocuments(text: string, file: string, now?: Date): Parsed<readonly ParsedDocument[]> {
  const { values, problems: syntax } = readYaml(text, file);
  const { documents, problems } = documentsOf(values, now);
  const all = [...syntax, ...problems];
  return all.length > 0 ? { ok: false, problems: all } : parsed(documents);
}

export function documentsOf(values: readonly YamlValue[], now: Date | undefined): YamlDocuments {
  const documents: ParsedDocument[] = [];
  const broken: { kind: DocumentKind; name: string }[] = [];
  const problems: Problem[] = [];
  for (const { value, where } of values) {
    const result = parseDocument(value, now ? { now, where } : { where });
    if (result.ok) {
      documents.push(result.value);
      continue;
    }
    problems.push(...result.problems);
    const kind = documentKinds.find((each) => each === valueAt(value, ["kind"]));
    const name = valueAt(value, ["metadata", "name"]);
    if (kind !== undefined && typeof name === "string") broken.push({ kind, name });
  }
  return { documents, broken, problems };
}
