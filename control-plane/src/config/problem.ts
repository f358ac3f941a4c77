import { z } from "zod";
import { nearestOf } from "../lib/did-you-mean.ts";
import type { Problem } from "../lib/parsed.ts";
import type { Gathered } from "./gather.ts";
import type { Path } from "./server-file.ts";

type Issue = z.core.$ZodIssue;

/** What is wrong, told where its author will look: the flag, the variable, or the line of the server file. */
export function problemsOf(issue: Issue, schema: z.ZodType, origin: Gathered["origin"]): readonly Problem[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => {
        const meant = nearestOf(key, known);
        const says = `is not known here: ${meant ? `did you mean "${meant}"?` : `expected ${known.join(", ")}`}`;
        return problemAt([...path, key], says, origin);
      });
    }
    case "invalid_type":
      return [problemAt(path, issue.message.startsWith("expected") ? issue.message : wrongType(issue), origin)];
    default:
      return [problemAt(path, issue.message, origin)];
  }
}

export function problemAt(path: Path, says: string, origin: Gathered["origin"]): Problem {
  const from = origin(path);
  switch (from.kind) {
    case "flag":
    case "variable":
      return { at: from.name, says };
    case "file":
      return { at: pathText(path), says, source: from.place };
    case "default":
      return { at: pathText(path), says };
  }
}

/** `datacenters[0].consul.address`. */
export function pathText(path: Path): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}

function wrongType({ expected, input }: Extract<Issue, { readonly code: "invalid_type" }>): string {
  const got =
    input === null || input === undefined ? "nothing" : Array.isArray(input) ? "a list" : JSON.stringify(input);
  return `expected ${expected === "object" ? "an object" : expected}, got ${got}`;
}

function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  const [step, ...rest] = path;
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return keysAt(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return step === undefined ? [] : keysAt(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const inner: z.core.$ZodType | undefined = schema.shape[step];
  return inner ? keysAt(inner, rest) : [];
}
