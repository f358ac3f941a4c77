import { matchesLocality, patternText } from "../../model/locality.ts";
import { type Analyzer, listed, ofEachPlacedService, ofEachService, when } from "./analyzer.ts";

// Exceptions made on call.

const soonMs = 3_600_000;

const endsSoon = ofEachService(
  { code: "WR0501", severity: "warning", title: "An override ends within the hour" },
  ({ name, split, inSplit }, { now }) =>
    (split?.overrides ?? []).flatMap(({ locality, weight, by, reason, expireTime }, index) => {
      const leftMs = expireTime.getTime() - now.getTime();
      return when(leftMs > 0 && leftMs <= soonMs, () => ({
        place: inSplit("overrides", index, "expireTime"),
        says: `at ${expireTime.toISOString()} ${patternText(locality)} gets back all of its weight in ${name}, ${weight} % now (${by}: ${reason})`,
        remedy: "If what it was made for is not over, set a later expireTime; else nothing need be done.",
      }));
    }),
);

const onNothing = ofEachPlacedService(
  { code: "WR0502", severity: "warning", title: "An override names a place without endpoints" },
  ({ name, splitNow, split, endpoints, inSplit }) =>
    // A drain is for services that have nothing there, too.
    (splitNow?.overrides ?? [])
      .filter(({ drain }) => drain === undefined)
      .flatMap((override) =>
        when(!endpoints.some(({ locality }) => matchesLocality(override.locality, locality)), () => ({
          place: inSplit("overrides", split?.overrides.indexOf(override) ?? 0, "locality"),
          says: `the override on ${patternText(override.locality)} changes nothing: ${name} has no endpoint there (known: ${listed(endpoints.map(({ locality }) => locality.region))})`,
          remedy: "Correct the place, or take the override out.",
        })),
      ),
);

const onEverything = ofEachPlacedService(
  { code: "WR0503", severity: "error", title: "Overrides take every endpoint of a service out" },
  ({ name, splitNow, endpoints, inSplit }) => {
    const out = (splitNow?.overrides ?? []).filter(({ weight, isolates }) => weight === 0 && !isolates);
    const isLeft = endpoints.some(({ locality }) => !out.some((each) => matchesLocality(each.locality, locality)));
    return when(out.length > 0 && !isLeft, () => ({
      place: inSplit("overrides"),
      says: `the overrides leave ${name} no endpoint at all: they are passed over, and its callers go to whatever there is, since an empty list would fail every request`,
      remedy: "Leave at least one place in.",
    }));
  },
);

const expired = ofEachService(
  { code: "WR0504", severity: "info", title: "An override has ended and is still in the document" },
  ({ name, split, inSplit }, { now }) =>
    (split?.overrides ?? []).flatMap(({ locality, expireTime }, index) =>
      when(expireTime <= now, () => ({
        place: inSplit("overrides", index),
        says: `the override on ${patternText(locality)} of ${name} ended at ${expireTime.toISOString()} and does nothing any more`,
        remedy: "Take it out.",
      })),
    ),
);

export const overrideAnalyzers: readonly Analyzer[] = [endsSoon, onNothing, onEverything, expired];
