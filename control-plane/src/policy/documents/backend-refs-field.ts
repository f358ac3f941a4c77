import { z } from "zod";
import type { RouteBackend, RouteMirror } from "../../model/route.ts";
import { listTogether, nameOf, nameText, withDefault } from "./document-fields.ts";
import { isJsonObject } from "./plain-json.ts";

const backend = {
  service: nameText.describe("The service."),
  subset: z
    .string()
    .optional()
    .describe("One of its subsets. Default: all of it, shared out as its TrafficSplit says.")
    .meta({ examples: ["v2"] }),
};

/** Services and subsets by weight. */
export const backendRefs = listTogether(
  z
    .array(
      z.strictObject({
        ...backend,
        weight: withDefault(z.int().min(0).max(1_000_000), 1, "Its share is this by the sum of all; 0 gets nothing."),
      }),
    )
    .min(1)
    .max(32),
  (entries) => [...allZero(entries), ...listedTwice(entries)],
);

/** Where copies go. */
export const mirror = z.strictObject({
  service: backend.service,
  subset: backend.subset.describe("One of its subsets. Default: any endpoint."),
  percent: withDefault(z.number().min(0.0001).max(100), 100, "Percent of the requests that are copied."),
});

export function backendsOf(refs: z.output<typeof backendRefs>): readonly RouteBackend[] {
  return refs.map(({ service, subset, weight }) => ({ service: nameOf(service), subset, weight }));
}

export function mirrorsOf(copy: z.output<typeof mirror> | undefined): readonly RouteMirror[] {
  return copy ? [{ service: nameOf(copy.service), subset: copy.subset, percent: copy.percent }] : [];
}

function allZero(entries: readonly unknown[]) {
  const weights = entries.map((entry) => (isJsonObject(entry) ? entry["weight"] : undefined));
  if (weights.length === 0 || weights.some((weight) => weight !== 0)) return [];
  return [{ path: [], says: "all weights are 0: there is nowhere to go" }];
}

function listedTwice(entries: readonly unknown[]) {
  const names = entries.map((entry) =>
    isJsonObject(entry)
      ? `"${entry["service"]}"${entry["subset"] === undefined ? "" : `, subset "${entry["subset"]}",`}`
      : "",
  );
  return names.flatMap((name, index) =>
    name !== "" && names.indexOf(name) < index
      ? [{ path: [index], says: `${name} is listed twice: add the weights up` }]
      : [],
  );
}
