import { type Parsed, parsed, refused } from "../lib/parsed.ts";

/** Where something runs: xDS `core.Locality`. Empty text means unknown (region) or undivided (zone, subZone). */
export type Locality = { readonly region: string; readonly zone: string; readonly subZone: string };

/** A locality or a whole part of the world: `*`, `dc-a` (the same as `dc-a/*`), `dc-a/z1`, `dc-a/z1/rack-4`. */
export type LocalityPattern = {
  readonly region: string | undefined;
  readonly zone: string | undefined;
  readonly subZone: string | undefined;
};

const part = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;
const rule = "expected region, region/zone or region/zone/subZone, each of letters, digits, '.', '_' and '-'";

export const unknownLocality: Locality = { region: "", zone: "", subZone: "" };

/** `dc-a/z1/rack-4`, shortened to what is known: `dc-a/z1`, `dc-a`, or `` for an unknown one. */
export function localityText({ region, zone, subZone }: Locality): string {
  if (subZone !== "") return `${region}/${zone}/${subZone}`;
  return zone !== "" ? `${region}/${zone}` : region;
}

export function parseLocality(text: string): Parsed<Locality> {
  const parts = text.split("/");
  if (parts.length > 3 || !parts.every((each) => part.test(each)))
    return refused({ at: "", says: `"${text}" is not a locality: ${rule}` });
  const [region = "", zone = "", subZone = ""] = parts;
  return parsed({ region, zone, subZone });
}

export function parseLocalityPattern(text: string): Parsed<LocalityPattern> {
  if (text === "*") return parsed({ region: undefined, zone: undefined, subZone: undefined });
  const exact = parseLocality(text.replace(/\/\*$/, ""));
  if (!exact.ok)
    return refused({
      at: "",
      says: `"${text}" names no locality: ${rule}; "*" is everywhere, "region/*" a whole region`,
    });
  const { region, zone, subZone } = exact.value;
  return parsed({ region, zone: zone === "" ? undefined : zone, subZone: subZone === "" ? undefined : subZone });
}

export function patternText({ region, zone, subZone }: LocalityPattern): string {
  if (region === undefined) return "*";
  if (zone === undefined) return region;
  return subZone === undefined ? `${region}/${zone}` : `${region}/${zone}/${subZone}`;
}

/** How much it says: of two that name the same locality the deeper is the narrower. */
export function patternDepth({ region, zone, subZone }: LocalityPattern): number {
  return [region, zone, subZone].filter((part) => part !== undefined).length;
}

export function matchesLocality(pattern: LocalityPattern, locality: Locality): boolean {
  return (
    (pattern.region === undefined || pattern.region === locality.region) &&
    (pattern.zone === undefined || pattern.zone === locality.zone) &&
    (pattern.subZone === undefined || pattern.subZone === locality.subZone)
  );
}

/** Is everything that `inner` names also named by `outer`? */
export function coversPattern(outer: LocalityPattern, inner: LocalityPattern): boolean {
  return (
    (outer.region === undefined || outer.region === inner.region) &&
    (outer.zone === undefined || outer.zone === inner.zone) &&
    (outer.subZone === undefined || outer.subZone === inner.subZone)
  );
}
