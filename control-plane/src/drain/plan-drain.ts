import type { Drain } from "../model/drain.ts";
import { coversPattern, patternText } from "../model/locality.ts";
import type { ServiceName } from "../model/names.ts";

/** A Drain document in force, or one that has expired and is still there. */
export type StoredDrain = { readonly drain: Drain; readonly etag: string; readonly isFromFile: boolean };

export type DrainEdit =
  | { readonly kind: "put"; readonly drain: Drain; readonly expects: { readonly etag: string } | "absent" }
  | { readonly kind: "delete"; readonly name: string; readonly expects: { readonly etag: string } };

export type DrainPlan =
  | {
      readonly kind: "edits";
      readonly edits: readonly DrainEdit[];
      /** What it is about: the one that is put, or that a removal leaves nothing or less of. */
      readonly touched: readonly Drain[];
    }
  | { readonly kind: "conflict"; readonly says: string }
  | { readonly kind: "none"; readonly says: string };

/**
 * One more drain. One for the same place and the same services is replaced: to extend it, or to isolate instead. What has expired in
 * this place is tidied away with it, unless it stands in a file.
 */
export function planDrain(stored: readonly StoredDrain[], wanted: Omit<Drain, "name">, now: Date): DrainPlan {
  const place = patternText(wanted.locality);
  const isSame = ({ drain }: StoredDrain) =>
    patternText(drain.locality) === place && servicesText(drain) === servicesText(wanted);
  const old = stored.find(isSame);
  const others = stored.filter((each) => each !== old);
  const conflict = others.find(({ drain }) => drain.expireTime > now && isContrary(drain, wanted));
  if (conflict !== undefined) {
    const { name, mode, locality } = conflict.drain;
    const did = { drain: "drained", isolate: "isolated" }[mode];
    const says = `${patternText(locality)} is ${did} (drains/${name}), and ${place} is to be ${{ drain: "drained", isolate: "isolated" }[wanted.mode]}: callers inside would have nowhere to go; undrain ${patternText(locality)} first`;
    return { kind: "conflict", says };
  }
  // Only what whoever may drain this may end, too.
  const expired = others.filter(
    ({ drain, isFromFile }) => drain.expireTime <= now && !isFromFile && isPartOf(drain, wanted),
  );
  const drain: Drain = { ...wanted, name: old?.drain.name ?? freeName(stored, wanted) };
  return {
    kind: "edits",
    touched: [drain],
    edits: [
      { kind: "put", drain, expects: old ? { etag: old.etag } : "absent" },
      ...expired.map(({ drain: { name }, etag }) => ({ kind: "delete" as const, name, expects: { etag } })),
    ],
  };
}

/** Ends what is drained or isolated at a place: all of it, or of the services named. */
export function planUndrain(
  stored: readonly StoredDrain[],
  { locality, services }: Pick<Drain, "locality" | "services">,
  now: Date,
): DrainPlan {
  const place = patternText(locality);
  const inForce = stored.filter(({ drain }) => drain.expireTime > now);
  const here = inForce.filter(({ drain }) => patternText(drain.locality) === place);
  const known = inForce.map(({ drain }) => `${patternText(drain.locality)} (${servicesText(drain)})`);
  const others = known.length === 0 ? "nothing is drained or isolated" : `in force: ${known.join(", ")}`;
  if (here.length === 0) return { kind: "none", says: `${place} is neither drained nor isolated; ${others}` };
  const edits = here.flatMap(({ drain, etag }): readonly DrainEdit[] => {
    if (services === undefined) return [{ kind: "delete", name: drain.name, expects: { etag } }];
    if (drain.services === undefined) return [];
    const left = drain.services.filter((each) => !services.includes(each));
    if (left.length === drain.services.length) return [];
    return left.length === 0
      ? [{ kind: "delete", name: drain.name, expects: { etag } }]
      : [{ kind: "put", drain: { ...drain, services: left }, expects: { etag } }];
  });
  if (edits.length > 0)
    return {
      kind: "edits",
      edits,
      touched: here.map(({ drain }) => drain).filter(({ name }) => edits.some((each) => nameOf(each) === name)),
    };
  const whole = here.find(({ drain }) => drain.services === undefined);
  return whole
    ? {
        kind: "conflict",
        says: `drains/${whole.drain.name} is for all services: undrain ${place} as a whole, and drain the services that are to stay out by name`,
      }
    : { kind: "none", says: `${place} is not drained for ${services?.join(", ")}; ${others}` };
}

/** Inside an isolated place nobody is sent out, and to a drained one nobody is sent. */
function isContrary(a: Omit<Drain, "name">, b: Omit<Drain, "name">): boolean {
  if (a.mode === b.mode || !haveCommon(a.services, b.services)) return false;
  const [isolated, drained] = a.mode === "isolate" ? [a, b] : [b, a];
  return coversPattern(drained.locality, isolated.locality);
}

function isPartOf(drain: Drain, { locality, services }: Omit<Drain, "name">): boolean {
  return (
    coversPattern(locality, drain.locality) &&
    (services === undefined || (drain.services?.every((each) => services.includes(each)) ?? false))
  );
}

function haveCommon(a: readonly ServiceName[] | undefined, b: readonly ServiceName[] | undefined): boolean {
  return a === undefined || b === undefined || a.some((each) => b.includes(each));
}

function servicesText({ services }: Pick<Drain, "services">): string {
  return services === undefined ? "all services" : [...services].sort().join(", ");
}

/** `dc-a.z1`, `dc-a.z1.report`: a document's name has no slash. */
function freeName(stored: readonly StoredDrain[], { locality, services }: Omit<Drain, "name">): string {
  const [only, ...more] = services ?? [];
  const place = patternText(locality).replaceAll("/", ".");
  const base = (only === undefined ? place : `${place}.${more.length > 0 ? "some" : only}`).slice(0, 190);
  const isTaken = (name: string) => stored.some(({ drain }) => drain.name === name);
  let name = base;
  for (let count = 2; isTaken(name); count++) name = `${base}-${count}`;
  return name;
}

function nameOf(edit: DrainEdit): string {
  return edit.kind === "put" ? edit.drain.name : edit.name;
}
