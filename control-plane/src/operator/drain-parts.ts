import type { z } from "zod";
import type { Seen } from "../drain/headroom.ts";
import type { DrainEdit, StoredDrain } from "../drain/plan-drain.ts";
import { byText } from "../lib/order.ts";
import type { Drain } from "../model/drain.ts";
import {
  type LocalityPattern,
  matchesLocality,
  parseLocality,
  parseLocalityPattern,
  patternText,
  unknownLocality,
} from "../model/locality.ts";
import type { ServiceName } from "../model/names.ts";
import type { World } from "../model/world.ts";
import type { Operation } from "../policy/policy-store.ts";
import { type ApiError, badRequest, refusal } from "./api-error.ts";
import { type drainRow, drainRowOf } from "./drain-shapes.ts";
import type { OperatorParts } from "./parts.ts";
import { serviceNamed } from "./service-named.ts";

/** The place that the URL names; throws 400 for what is none, and for everywhere. */
export function placeOf(text: string): LocalityPattern {
  const place = parseLocalityPattern(text);
  const says = place.ok ? 'expected a region or zone, not "*": nothing would be left' : place.problems[0]?.says;
  if (!place.ok || place.value.region === undefined)
    throw badRequest("the URL", [{ at: "locality", says: says ?? "is no locality" }]);
  return place.value;
}

/** 404 where no service has an endpoint: a mistyped drain would be taken for one that works. */
export function unknownPlace(world: World, place: LocalityPattern): ApiError | undefined {
  const endpoints = [...world.catalog.values()].flatMap((service) => service.endpoints);
  if (endpoints.some(({ locality }) => matchesLocality(place, locality))) return undefined;
  const regions = [...new Set(endpoints.map(({ locality }) => locality.region))].filter((each) => each !== "");
  const known = regions.length > 0 ? `(known: ${regions.sort(byText).slice(0, 20).join(", ")})` : "(none is known)";
  const says = `no service has an endpoint in ${patternText(place)} ${known}`;
  return refusal(404, "NOT_FOUND", "NO_SUCH_LOCALITY", says);
}

/** The services that a body names; undefined: all. */
export function namedServices(
  parts: OperatorParts,
  names: readonly string[] | undefined,
): readonly ServiceName[] | undefined {
  if (names === undefined || names.includes("*")) return undefined;
  return [...new Set(names.map((name) => serviceNamed(parts, name).spec.name))].sort(byText);
}

/** All Drain documents, expired ones too. */
export function storedDrains({ policies }: OperatorParts): readonly StoredDrain[] {
  const drains = new Map((policies.books.current()?.drains ?? []).map((each) => [each.name, each]));
  return policies.list("Drain").flatMap(({ name, etag, origin }) => {
    const drain = drains.get(name);
    return drain ? [{ drain, etag, isFromFile: origin.kind === "file" }] : [];
  });
}

/** With their countdown, the first to end first. */
export function drainRows(parts: OperatorParts, now: Date): z.output<typeof drainRow>[] {
  const rows = storedDrains(parts).flatMap(({ drain }) => {
    const stored = parts.policies.get("Drain", drain.name);
    return stored ? [drainRowOf(drain, stored, now)] : [];
  });
  return rows.sort((a, b) => a.expiresInSeconds - b.expiresInSeconds || byText(a.name, b.name));
}

/** The clients that are connected here, and what they report. */
export function seenNow({ clients, loads }: OperatorParts): Seen {
  const connected = clients.list().map(({ kind, locality }) => {
    const parsed = parseLocality(locality);
    return { kind, locality: parsed.ok ? parsed.value : unknownLocality };
  });
  const isReporting = loads.clients().length > 0;
  return {
    clients: connected,
    observed: isReporting ? { windowMs: loads.windowMs, loads: loads.observed() } : undefined,
  };
}

/** 409: what would be left is too little. */
export function tooLittle({ mode, locality }: Drain, missing: readonly string[]): ApiError {
  const place = patternText(locality);
  const says = `nothing was changed: to ${mode} ${place} leaves too little. ${missing.join("; ")}. Make room first, or force it.`;
  const metadata = { locality: place, missing: missing.join("; ") };
  return refusal(409, "FAILED_PRECONDITION", "NO_HEADROOM", says, metadata);
}

export function operationOf(edit: DrainEdit, expects: { readonly etag: string } | "absent" = edit.expects): Operation {
  if (edit.kind === "delete")
    return {
      kind: "delete",
      documentKind: "Drain",
      name: edit.name,
      expects: expects === "absent" ? edit.expects : expects,
    };
  return { kind: "put", document: documentOf(edit.drain), expects };
}

function documentOf({ name, locality, mode, services, reason, by, expireTime }: Drain) {
  return {
    apiVersion: "weir/v1alpha1",
    kind: "Drain",
    metadata: { name },
    spec: {
      locality: patternText(locality),
      ...(mode === "isolate" && { mode: "Isolate" }),
      ...(services && { services }),
      ...{ reason, by, expireTime: expireTime.toISOString().replace(".000Z", "Z") },
    },
  };
}
