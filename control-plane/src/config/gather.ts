import { nearestOf } from "../lib/did-you-mean.ts";
import type { Problem } from "../lib/parsed.ts";
import { type Path, type Place, parseServerFile } from "./server-file.ts";
import { optionName, type Setting, serverFileSetting, settings } from "./settings.ts";

export type ConfigInput = {
  /** Flags by the names that commander gives them (`optionName`); a flag that can be repeated is a list. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Variables; an empty one counts as not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The server file, if one is named. */
  readonly serverFile?: { readonly path: string; readonly text: string } | undefined;
};

/** Who said it. */
export type Origin =
  | { readonly kind: "flag"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "file"; readonly place: Place }
  | { readonly kind: "default" };

/** All that was said in the shape of a server file, not yet checked, and who said each part of it. */
export type Gathered = {
  readonly value: unknown;
  /** False when the server file is not YAML: what it says is then unknown, and what is missing cannot be told. */
  readonly readable: boolean;
  origin(path: Path): Origin;
  readonly problems: readonly Problem[];
};

/** Lays variables over the server file and flags over both. */
export function gather({ options, env, serverFile }: ConfigInput): Gathered {
  const file = serverFile && parseServerFile(serverFile);
  const problems: Problem[] = [...(file?.problems ?? []), ...misspelled(env)];
  const origins = new Map<string, Origin>();
  let value: unknown = file?.value ?? {};
  for (const setting of settings) {
    const said = saidFor(setting, options, env);
    if (!said) continue;
    const values = said.texts.map((text) => {
      const read = setting.read(text);
      if (!read.ok) problems.push(...read.problems.map(({ says }) => ({ at: said.origin.name, says })));
      return read.ok ? [read.value] : [];
    });
    const path = setting.key.split(".");
    origins.set(setting.key, said.origin);
    value = withValue(value, path, setting.many ? values.flat() : values.flat()[0]);
  }
  return {
    value,
    readable: file === undefined || file.problems.length === 0,
    problems,
    origin(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const said = origins.get(path.slice(0, length).join("."));
        if (said) return said;
      }
      return file ? { kind: "file", place: file.place(path) } : { kind: "default" };
    },
  };
}

/** The name of the server file and who named it, if anyone did. */
export function serverFileOf({ options, env }: Pick<ConfigInput, "options" | "env">) {
  const said = saidFor(serverFileSetting, options, env);
  return said && { path: said.texts[0] ?? "", origin: said.origin };
}

type Said = {
  readonly texts: readonly string[];
  readonly origin: Extract<Origin, { readonly name: string }>;
};

function saidFor(setting: Setting, options: ConfigInput["options"], env: ConfigInput["env"]): Said | undefined {
  const option = options[optionName(setting)];
  if (typeof option === "string") return { texts: [option], origin: { kind: "flag", name: setting.flag } };
  if (Array.isArray(option) && option.length > 0)
    return { texts: option.map(String), origin: { kind: "flag", name: setting.flag } };
  const name = setting.env.find((each) => env[each]);
  const text = name === undefined ? undefined : env[name];
  if (name === undefined || text === undefined) return undefined;
  const texts = setting.many ? text.split(",").map((each) => each.trim()) : [text];
  return { texts, origin: { kind: "variable", name } };
}

function withValue(tree: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  // What is no object in the server file stays as it is, for the schema to complain of.
  if (tree !== undefined && !isRecord(tree)) return tree;
  return { ...tree, [key]: withValue(tree?.[key], rest, value) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Variables that look like ours and are none of ours: silence would mean that a setting is not in force. */
function misspelled(env: ConfigInput["env"]): Problem[] {
  const known = [serverFileSetting, ...settings].flatMap((setting) => setting.env);
  return Object.keys(env)
    .filter((name) => name.startsWith("WEIR_") && !name.startsWith("WEIR_REPORT_"))
    .filter((name) => !known.includes(name) && !notOurs.has(name))
    .flatMap((name) => {
      const meant = nearestOf(name, known);
      return meant ? [{ at: name, says: `is no variable of Weir: did you mean ${meant}?` }] : [];
    });
}

// What set-up, the tests, the demo and the other commands read.
const notOurs = new Set([
  ...["WEIR_ENVOY", "WEIR_CONSUL", "WEIR_KUBERNETES", "WEIR_POSTGRES", "WEIR_CASSANDRA", "WEIR_REDIS", "WEIR_KAFKA"],
  ...["WEIR_RABBITMQ", "WEIR_SEAWEEDFS", "WEIR_GARAGE", "WEIR_JAVA", "WEIR_MAVEN", "WEIR_CLIENTS", "WEIR_BROKERS"],
  ...["WEIR_CASSANDRA_CENTERS"],
  ...["WEIR_DEMO_DIR", "WEIR_SERVER", "WEIR_ACTOR", "WEIR_TOKEN", "WEIR_TOKEN_FILE"],
]);
