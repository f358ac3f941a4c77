import fc, { type Arbitrary } from "fast-check";
import { durationText } from "../../control-plane/src/policy/documents/duration.ts";
import type { JsonSchema } from "../../control-plane/src/policy/documents/json-schema.ts";
import { type FieldPath, type Fitting, valuesOfSchema } from "./values-of-schema.ts";

// What a schema cannot say: that names refer to one another, and which of all texts mean something together. It goes by the
// names of fields, so that a new field of a known name needs nothing; one of an unknown name gets what its schema allows.

export const mostServices = 4;

/** The k-th service of a set. */
export function serviceName(index: number): string {
  return `s${index}`;
}

const serviceNames = Array.from({ length: mostServices }, (_, index) => serviceName(index));
const places = ["dc-a", "dc-a/z1", "dc-a/z2", "dc-b", "dc-b/z1", "dc-b/z1/r1", "dc-c", "dc-c/z1"];
const versions = ["v1", "v2"];

/** Few, so that documents meet; `expireTime` and the like stand around `now`. */
export function fittingValues(now: Date): Fitting {
  const place = fc.constantFrom(...places);
  const pattern = fc.oneof({ weight: 5, arbitrary: place }, fc.constantFrom("*", "dc-b/*"));
  const version = fc.constantFrom(...versions);
  const byName: Readonly<Record<string, Arbitrary<unknown>>> = {
    service: fc.constantFrom(...serviceNames),
    subset: version,
    from: pattern,
    failover: fc.oneof({ weight: 4, arbitrary: fc.uniqueArray(pattern, { maxLength: 3 }) }, fc.constant("nearest")),
    locality: place,
    to: shares(place),
    expireTime: fc
      .integer({ min: -86_400, max: 10 * 86_400 })
      .map((seconds) => new Date(now.getTime() + seconds * 1_000).toISOString()),
    // Envoy fills a table of this size when the cluster comes: the largest takes 130 MB and seconds, each.
    minimumRingSize: fc.constantFrom(1, 7, 1_024, 65_536),
    tableSize: fc.constantFrom(251, 1_021, 65_537),
  };
  const fitting: Fitting = (path, schema) => {
    const [field, parent] = [path.at(-1), path.at(-2)];
    if (field === "spec" && Object.hasOwn(schema.properties ?? {}, "operations")) return patches;
    if (field === 0 && parent === "endpoints") return origins(schema, fitting, path);
    if (schema.type === "string" && schema.pattern?.includes("(h|m|s|ms)")) return durations;
    if (field === "key") {
      if (parent === "subsets") return version;
      if (parent === "match") return fc.constant("version");
      if (parent === "ceilings") return fc.constantFrom("dc-a", "dc-b", "dc-c");
      if (parent === "expectedRps") return place;
      return undefined;
    }
    if (parent === "match" && field === "*") return version;
    if (path.at(-3) === "static" && field === "address") return addresses;
    if (path.at(-3) === "static" && field === "metadata") return version.map((each) => ({ version: each }));
    if (path.at(-3) === "static" && field === "id") return fc.stringMatching(/^[\x21-\x7e]{1,12}$/);
    // Of a service only the first split and the first policy stay: few names each, so that most do.
    if (field === "targetRefs") return fc.array(valuesOfSchema(schema.items ?? {}, fitting, [...path, 0]), oneOrTwo);
    if (field === "subsets" && isShares(schema)) return shares(version);
    if (field === "name" && parent === 0 && path.at(-3) === "targetRefs") return fc.constantFrom(...serviceNames);
    if (schema.maxLength === 200 && schema.examples?.includes("report") && field !== "service") return anyName;
    if (typeof field !== "string" || !Object.hasOwn(byName, field)) return undefined;
    // The same word may name a field of another type elsewhere.
    const isScalar = ["service", "subset", "from", "locality", "expireTime"].includes(field);
    return isScalar && schema.type !== "string" ? undefined : byName[field];
  };
  return fitting;
}

/** Changes that are right: a patch is there to say what validation cannot judge. */
const patches: Arbitrary<unknown> = fc
  .tuple(
    fc.constantFrom(...serviceNames),
    fc.subarray(["envoy-edge", "envoy-sidecar", "grpc"], { minLength: 1 }),
    fc.constantFrom(
      { type: "Cluster", operations: [{ op: "add", path: "/alt_stat_name", value: "patched" }] },
      {
        type: "Cluster",
        operations: [
          { op: "replace", path: "/circuit_breakers/thresholds/0/max_requests", value: 7 },
          { op: "copy", from: "/name", path: "/alt_stat_name" },
        ],
      },
      { type: "VirtualHost", operations: [{ op: "add", path: "/include_request_attempt_count", value: true }] },
      { type: "ClusterLoadAssignment", operations: [{ op: "test", path: "/cluster_name", value: "another" }] },
      {
        type: "Cluster",
        operations: [
          { op: "add", path: "/metadata", value: { filter_metadata: { team: { name: "a", of: "b" } } } },
          { op: "move", from: "/metadata/filter_metadata/team", path: "/metadata/filter_metadata/owner" },
          { op: "remove", path: "/metadata/filter_metadata/owner/of" },
        ],
      },
      {
        type: "Listener",
        name: "edge",
        operations: [{ op: "add", path: "/per_connection_buffer_limit_bytes", value: 65_536 }],
      },
    ),
  )
  .map(([name, clients, what]) => ({ name, clients, ...what }));

/** Mostly endpoints that stand in the document: others come from nowhere here. */
function origins({ properties = {} }: JsonSchema, fitting: Fitting, path: FieldPath): Arbitrary<unknown> {
  return fc.oneof(
    ...Object.entries(properties).map(([key, schema]) => ({
      weight: key === "static" ? 12 : 1,
      arbitrary: valuesOfSchema(schema, fitting, [...path, key]).map((value) => ({ [key]: value })),
    })),
  );
}

/** All that names may consist of, and as long as they may be. */
const anyName = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}[A-Za-z0-9]$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z0-9]{200}$/) },
);

/** Up to a day, as often short as long; now and then none. Most fields want 100 ms at least, and some whole seconds. */
const durations = fc
  .oneof(
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 99, 86_400_000) },
    { weight: 3, arbitrary: fc.constantFrom(1_000, 10_000, 60_000, 3_600_000) },
    { weight: 9, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => Math.round(100 * 864_000 ** x)) },
  )
  .map(durationText);

const oneOrTwo = { minLength: 1, maxLength: 2 };

function isShares({ additionalProperties }: JsonSchema): boolean {
  return typeof additionalProperties === "object" && additionalProperties.type === "number";
}

/** Percent of places that do not overlap, together 100. */
function shares(place: Arbitrary<string>): Arbitrary<unknown> {
  return fc
    .tuple(
      fc.uniqueArray(place, { minLength: 1, maxLength: 3, selector: (text) => text.split("/")[0] }),
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 2 }),
    )
    .map(([names, cuts]) => {
      const ends = [...cuts.slice(0, names.length - 1).sort((a, b) => a - b), 100];
      return Object.fromEntries(names.map((name, index) => [name, (ends[index] ?? 0) - (ends[index - 1] ?? 0)]));
    });
}

const addresses = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 254 }).map((last) => `127.1.1.${last}`) },
      fc.integer({ min: 1, max: 0xffff }).map((last) => `[fd00::${last.toString(16)}]`),
    ),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([host, port]) => `${host}:${port}`);
