import { type Problem, problemText } from "../lib/parsed.ts";
import { placeProblems } from "../policy/documents/place-problems.ts";
import type { YamlValue } from "../policy/documents/yaml-values.ts";
import type { ApiFailure } from "./api.ts";
import { CliError } from "./cli-error.ts";

/** What the server found wrong with documents, with where in these texts it stands; the failure itself, if it was something else. */
export function refusedDocuments(failure: ApiFailure, values: readonly YamlValue[], head: string): CliError {
  if (failure.violations.length === 0) return failure;
  const problems = failure.violations.map(({ field, description }): Problem => ({ at: field, says: description }));
  const lines = placeProblems(problems, values).map(problemText);
  return new CliError(`${head}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
