import { readFile } from "node:fs/promises";
import type { JsonObject } from "@bufbuild/protobuf";
import { Format, Priority } from "@weir/proto/report/v1/report_pb.ts";
import { CliError } from "../cli-error.ts";

export type OrderFlags = {
  readonly param?: readonly string[];
  readonly parameters?: string;
  readonly format?: readonly string[];
  readonly priority?: string;
};

/** What `weir report create` orders, all of its problems at once. */
export async function orderOf(kind: string, { param = [], parameters, format = [], priority }: OrderFlags) {
  const given = parameters === undefined ? {} : await readParameters(parameters);
  return {
    kind: kind.includes("/") ? kind : `reportKinds/${kind}`,
    parameters: { ...given, ...Object.fromEntries(param.map(pairOf)) },
    formats: format.map(formatOf),
    priority: priorityOf(priority),
  };
}

/** `rows=3` is the number 3, `region=eu` the text: what is JSON is that, all else is text. */
function pairOf(text: string): readonly [string, JsonObject[string]] {
  const at = text.indexOf("=");
  if (at < 1) throw new CliError(`--param "${text}": expected name=value, like region=eu or rows=100`);
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
}

async function readParameters(file: string): Promise<JsonObject> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new CliError(`--parameters ${file} cannot be read: ${cause.message}`);
  });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (cause) {
    throw new CliError(`--parameters ${file} is no JSON: ${(cause as Error).message}`);
  }
  throw new CliError(`--parameters ${file}: expected a JSON object, like {"rows": 100}`);
}

/** `csv` and the like, by the names of report.v1.Format. */
export function formatOf(text: string): Format {
  const found = Format[text.toUpperCase() as keyof typeof Format];
  if (text !== "" && found !== undefined && found !== Format.UNSPECIFIED) return found;
  throw new CliError(`--format "${text}": there are ${namesOf(Format).join(", ")}`);
}

/** `csv` and the like. */
export function formatText(format: Format): string {
  return (
    Object.entries(Format)
      .find(([, value]) => value === format)?.[0]
      .toLowerCase() ?? String(format)
  );
}

function priorityOf(text: string | undefined): Priority {
  if (text === undefined) return Priority.UNSPECIFIED;
  const found = Priority[text.toUpperCase() as keyof typeof Priority];
  if (found !== undefined && found !== Priority.UNSPECIFIED) return found;
  throw new CliError(`--priority "${text}": there are ${namesOf(Priority).join(", ")}`);
}

function namesOf(values: Readonly<Record<string, string | number>>): readonly string[] {
  return Object.keys(values)
    .filter((name) => Number.isNaN(Number(name)) && name !== "UNSPECIFIED")
    .map((name) => name.toLowerCase());
}
