import type { Problem } from "../lib/parsed.ts";
import { pathOfText } from "../policy/documents/place-problems.ts";
import { isJsonObject, valueAt } from "../policy/documents/plain-json.ts";
import type { YamlValue } from "../policy/documents/yaml-values.ts";
import { documentText } from "./document-text.ts";

/** A finding as the API and `weir analyze -f` tell it. */
export type ToldFinding = {
  readonly code: string;
  readonly severity: "error" | "warning" | "info";
  readonly document: { readonly kind: string; readonly name: string };
  readonly at: string;
  readonly says: string;
  readonly remedy: string;
  readonly help: string;
  readonly source?: Problem["source"];
  /** Where it is only known which file of the server's directory it is. */
  readonly file?: string;
};

/** Two lines for each: what is wrong and where, and what to do. */
export function findingLines(findings: readonly ToldFinding[]): readonly string[] {
  return findings.flatMap(({ code, severity, document, at, says, remedy, help, source, file }) => {
    const place = source ? `${source.file}:${source.line}:${source.column} ` : file ? `${file} ` : "";
    const path = at === "" ? "" : ` ${at}`;
    return [
      `${severity.padEnd(7)} ${code} ${place}${documentText(document)}${path}: ${says}`,
      `               ${remedy} ${help}`,
    ];
  });
}

/** `2 warnings, 1 info`, `no findings`. */
export function findingSummary(findings: readonly Pick<ToldFinding, "severity">[]): string {
  const count = (severity: ToldFinding["severity"], one: string, more: string) => {
    const found = findings.filter((each) => each.severity === severity).length;
    return found === 0 ? [] : [`${found} ${found === 1 ? one : more}`];
  };
  const parts = [
    ...count("error", "error", "errors"),
    ...count("warning", "warning", "warnings"),
    ...count("info", "info", "infos"),
  ];
  return parts.length === 0 ? "no findings" : parts.join(", ");
}

/** Adds where in these texts they stand, for those about documents that do. */
export function placeFindings(findings: readonly ToldFinding[], values: readonly YamlValue[]): readonly ToldFinding[] {
  return findings.map((finding) => {
    const { kind, name } = finding.document;
    const own = values.find(
      ({ value }) => isJsonObject(value) && value["kind"] === kind && valueAt(value, ["metadata", "name"]) === name,
    );
    const source = own?.where(pathOfText(finding.at)).source;
    return source ? { ...finding, source } : finding;
  });
}
