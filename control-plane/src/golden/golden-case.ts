import { byText } from "../lib/order.ts";
import { type Parsed, type Problem, parsed, refused } from "../lib/parsed.ts";
import type { Distances } from "../model/distances.ts";
import { type GrpcCapabilities, grpcCapabilities, grpcImplementations } from "../model/grpc-capabilities.ts";
import { type HeldHealth, localityKey } from "../model/held-health.ts";
import { parseInboundText } from "../model/inbound.ts";
import { parseLocality, unknownLocality } from "../model/locality.ts";
import type { ServiceName } from "../model/names.ts";
import { addressText, type Service, type ServiceSpec } from "../model/service.ts";
import type { Viewer } from "../model/viewer.ts";
import type { Book, World } from "../model/world.ts";
import { buildBook, emptyBook } from "../policy/documents/book.ts";
import { nameOf } from "../policy/documents/document-fields.ts";
import { documentsOf } from "../policy/documents/yaml-documents.ts";
import { readYaml } from "../policy/documents/yaml-values.ts";
import { worldParts } from "../policy/world-parts.ts";
import type { ResourceSet } from "../translate/resource-set.ts";

/** A world, and for whom it is translated. */
export type GoldenCase = {
  readonly world: World;
  readonly viewers: ReadonlyMap<string, Viewer>;
  /** What of the result is written down; all of it is shown to the clients. */
  readonly shows: readonly (keyof ResourceSet)[];
};

export const sections = ["clusters", "endpoints", "listeners", "routes"] as const;

/**
 * Reads a case: the first YAML document says `{viewers: [edge dc-a/z1, sidecar dc-b, grpc], shows: [endpoints], now: …}`, and,
 * where it matters, `distances: {dc-a: {dc-b: 12}}` in ms and `held: {report: {dc-a/z1: 25}}` in percent; those after it are documents as operators write them, with static endpoints.
 */
export function readCase(text: string, file: string): Parsed<GoldenCase> {
  if (!/^# \S/.test(text)) return refused(saying(file, "expected a first line with the reason for this case: # …"));
  const { values, problems: syntax } = readYaml(text, file);
  if (syntax.length > 0) return { ok: false, problems: syntax };
  const head = headOf(values[0]?.value, file);
  const { documents, problems } = documentsOf(values.slice(1), undefined);
  const book = buildBook(emptyBook, documents, { revision: 1 });
  const all = [...(head.ok ? [] : head.problems), ...problems, ...(book.ok ? [] : book.problems)];
  if (!head.ok || !book.ok || all.length > 0) return { ok: false, problems: all };
  const { now, viewers, shows, ...around } = head.value;
  return parsed({ world: { ...worldOf(book.value, now), ...around }, viewers, shows });
}

type Head = Pick<GoldenCase, "viewers" | "shows"> & Pick<World, "held" | "distances"> & { readonly now: Date };

function headOf(value: unknown, file: string): Parsed<Head> {
  const {
    viewers,
    shows = sections,
    now = "2026-01-01T00:00:00Z",
    distances = {},
    held = {},
    ...others
  } = (value ?? {}) as Record<string, unknown>;
  const problems: Problem[] = Object.keys(others).map((key) =>
    saying(file, `${key}: expected viewers, shows, now, distances, held`),
  );
  const named = new Map<string, Viewer>();
  for (const text of isTexts(viewers) ? viewers : []) {
    const viewer = viewerOf(text);
    if (viewer) named.set(text.split(" ").slice(0, 2).join("-").replaceAll(/[/@]/g, "-"), viewer);
    else
      problems.push(
        saying(file, `viewers: "${text}" is none; expected "edge dc-a/z1", "sidecar dc-a", "grpc" or "grpc-node dc-a"`),
      );
  }
  if (named.size === 0) problems.push(saying(file, 'viewers: expected a list like [edge dc-a/z1, "grpc"]'));
  const wanted = isTexts(shows) ? sections.filter((section) => shows.includes(section)) : [];
  if (!isTexts(shows) || wanted.length !== shows.length)
    problems.push(saying(file, `shows: expected some of ${sections.join(", ")}`));
  return problems.length > 0
    ? { ok: false, problems }
    : parsed({
        ...{ viewers: named, shows: wanted, now: new Date(String(now)) },
        distances: distancesOf(distances as Record<string, Record<string, number>>),
        held: heldOf(held as Record<string, Record<string, number>>),
      });
}

function distancesOf(said: Record<string, Record<string, number>>): Distances {
  return new Map(Object.entries(said).map(([from, to]) => [from, new Map(Object.entries(to))]));
}

function heldOf(said: Record<string, Record<string, number>>): World["held"] {
  return new Map(
    Object.entries(said).map(([service, places]): [ServiceName, HeldHealth] => [
      nameOf(service),
      new Map(
        Object.entries(places).map(([where, percent]) => {
          const [region = "", zone = "", subZone = ""] = where.split("/");
          return [localityKey({ region, zone, subZone }), { percent, onEnvoy: true }];
        }),
      ),
    ]),
  );
}

/**
 * `edge dc-a/z1`, `sidecar dc-a`, `grpc`, `grpc-node dc-a/z1`, `grpc-go@1.40`: the version where it makes a difference. After
 * a sidecar's place stands what it takes calls for, `sidecar dc-a report=0.0.0.0:9091/127.0.0.1:9090`.
 */
export function viewerOf(text: string): Viewer | undefined {
  const [kind = "", where, ...inbound] = text.split(" ");
  const locality = where === undefined ? parsed(unknownLocality) : parseLocality(where);
  const taken = inbound.map(parseInboundText);
  if (!locality.ok || !taken.every(({ ok }) => ok) || (inbound.length > 0 && kind !== "sidecar")) return undefined;
  const grpc = grpcOf(kind);
  if (grpc) return { flavour: "grpc", locality: locality.value, grpc };
  if (kind !== "edge" && kind !== "sidecar") return undefined;
  return {
    flavour: "envoy",
    role: kind,
    locality: locality.value,
    listen: { host: "127.0.0.1", port: 10_000 },
    ...(taken.length > 0 && { inbound: taken.flatMap((each) => (each.ok ? [each.value] : [])) }),
  };
}

function grpcOf(kind: string): GrpcCapabilities | undefined {
  const [, name = "other", major, minor] = /^grpc(?:-([a-z]+))?(?:@(\d+)\.(\d+))?$/.exec(kind) ?? [undefined, ""];
  const implementation = grpcImplementations.find((each) => each === name);
  return implementation && grpcCapabilities(implementation, major ? [Number(major), Number(minor)] : undefined);
}

/** The world of documents alone: of endpoints that stand in them. */
export function worldOf(book: Book, now: Date): World {
  const catalog = new Map([...book.services].map(([name, spec]) => [name, serviceOf(spec)]));
  return { revision: book.revision, catalog, ...worldParts(book, now) };
}

function serviceOf(spec: ServiceSpec): Service {
  const endpoints = spec.origins.flatMap((origin) => (origin.kind === "static" ? origin.endpoints : []));
  return {
    spec,
    endpoints: [...endpoints].sort((a, b) => byText(addressText(a.address), addressText(b.address))),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function saying(file: string, says: string): Problem {
  return { at: "", says, source: { file, line: 1, column: 1 } };
}
