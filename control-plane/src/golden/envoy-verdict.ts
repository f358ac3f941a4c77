import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResourceSet } from "../translate/resource-set.ts";
import { jsonOf } from "./golden-text.ts";

/** What Envoy says against the resources, or undefined when it would take them. */
export type EnvoyVerdict = (set: ResourceSet) => Promise<string | undefined>;

/** Asks `envoy --mode validate`; a verdict is kept in `cache` under its question, so that only what is new is asked. */
export function createEnvoyVerdict({ envoy, cache }: { readonly envoy: string; readonly cache: string }): EnvoyVerdict {
  return async (set) => {
    const bootstrap = JSON.stringify(bootstrapOf(set), undefined, 1);
    const { size, mtimeMs } = await stat(envoy);
    const question = join(cache, hash("sha256", [envoy, size, mtimeMs, bootstrap].join("\n")).slice(0, 32));
    const known = await readFile(`${question}.verdict`, "utf8").catch(() => undefined);
    if (known !== undefined) return known === "" ? undefined : known;
    await mkdir(cache, { recursive: true });
    await writeFile(`${question}.json`, bootstrap);
    const verdict = await validate(envoy, `${question}.json`);
    await writeFile(`${question}.verdict`, verdict ?? "");
    return verdict;
  };
}

/** What Envoy says against a bootstrap file, or undefined. */
export function validate(envoy: string, config: string): Promise<string | undefined> {
  const args = ["--mode", "validate", "-c", config, "--log-level", "error", "--log-format", "%v"];
  return new Promise((resolve, reject) => {
    execFile(envoy, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (error.code === "ENOENT" || error.killed)
        reject(new Error(`${envoy} could not be run`, { cause: error }));
      else resolve(wordsOf(`${stdout}\n${stderr}`));
    });
  });
}

/** Envoy prints the whole configuration too, before the reason or after it, indented. */
function wordsOf(output: string): string {
  const words = output
    .split("\n")
    .filter((line) => !/^(\s|\}?$|\w+ \{$)/.test(line))
    .map((line) =>
      line.replace(/^error initializing configuration '[^']*': /, "").replace(/^: |goo\.gle\/debug\w*/, ""),
    )
    .filter((line) => line.trim() !== "");
  return [...new Set(words)].join("\n");
}

type Json = { [key: string]: unknown };

/**
 * The resources as Envoy would hold them after fetching all: endpoints inside clusters, routes inside listeners. What only
 * a fetched resource has (EDS itself) is put back to what a static one may have.
 */
export function bootstrapOf(set: ResourceSet): Json {
  const { clusters, endpoints, listeners, routes } = jsonOf(set);
  const assignments = new Map(endpoints.map((each) => [each["cluster_name"], each]));
  const tables = new Map(routes.map((each) => [each["name"], each]));
  return {
    static_resources: {
      clusters: clusters.map(({ eds_cluster_config: _, ...cluster }) => {
        const load_assignment = assignments.get(cluster["name"]) ?? { cluster_name: cluster["name"] };
        return { ...cluster, type: "STATIC", load_assignment };
      }),
      listeners: listeners.map((listener) => withRoutes(listener, tables)),
    },
  };
}

/** Puts the table in wherever one is asked for by name. */
function withRoutes(value: unknown, tables: ReadonlyMap<unknown, Json>): unknown {
  if (Array.isArray(value)) return value.map((each) => withRoutes(each, tables));
  if (typeof value !== "object" || value === null) return value;
  const { rds, ...others } = value as Json;
  const inside = Object.fromEntries(Object.entries(others).map(([key, each]) => [key, withRoutes(each, tables)]));
  if (rds === undefined) return inside;
  return { ...inside, route_config: tables.get((rds as Json)["route_config_name"]) };
}
