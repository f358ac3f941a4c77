import { isInSubset } from "../../model/service.ts";
import { standbysOf } from "../../model/split.ts";
import { type Analyzer, counted, listed, ofEachPlacedService, ofEachService, timeText, when } from "./analyzer.ts";
import type { Scene, Subject } from "./scene.ts";

// Subsets against the endpoints that there are, and how what failed comes back.

const emptyButUsed = ofEachPlacedService(
  { code: "WR0111", severity: "error", title: "Requests are sent to a subset that no endpoint is in" },
  (subject, scene) =>
    subject.spec.subsets.flatMap((subset) => {
      const { name, endpoints, inService } = subject;
      const isEmpty = !endpoints.some((endpoint) => isInSubset(subset, endpoint));
      const users = usersOf(subject, subset.name, scene);
      return when(isEmpty && users.length > 0 && subset.whenEmpty !== "use-all", () => ({
        place: inService("subsets", subset.name),
        says: `no endpoint of ${name} is in subset ${subset.name} (${matchText(subset.match)}), and ${listed(users)} ${users.length === 1 ? "sends" : "send"} requests to it: they fail`,
        remedy: "Correct what it matches, give it no share until its endpoints are there, or set whenEmpty.",
      }));
    }),
);

const empty = ofEachPlacedService(
  { code: "WR0112", severity: "info", title: "A subset that no endpoint is in" },
  (subject, scene) =>
    subject.spec.subsets.flatMap((subset) => {
      const { name, endpoints, inService } = subject;
      const isEmpty = !endpoints.some((endpoint) => isInSubset(subset, endpoint));
      const isTold = usersOf(subject, subset.name, scene).length > 0 && subset.whenEmpty !== "use-all";
      return when(isEmpty && !isTold, () => ({
        place: inService("subsets", subset.name),
        says: `no endpoint of ${name} is in subset ${subset.name} (${matchText(subset.match)})`,
        remedy: "Correct what it matches, if endpoints of it are there.",
      }));
    }),
);

const unused = ofEachService(
  { code: "WR0113", severity: "info", title: "A subset that nothing refers to" },
  (subject, scene) =>
    subject.spec.subsets.flatMap(({ name: subset }) =>
      when(usersOf(subject, subset, scene).length === 0, () => ({
        place: subject.inService("subsets", subset),
        says: `neither a Route nor the TrafficSplit of ${subject.name} sends anything to subset ${subset}`,
        remedy: "Take it out, or refer to it.",
      })),
    ),
);

const outside = ofEachPlacedService(
  { code: "WR0114", severity: "warning", title: "Endpoints that are in no subset get nothing" },
  ({ name, spec, split, endpoints, inSplit }) => {
    const shared = new Set((split?.subsets ?? []).filter(({ percent }) => percent > 0).map((each) => each.name));
    const used = spec.subsets.filter((subset) => shared.has(subset.name));
    const left = endpoints.filter((endpoint) => !used.some((subset) => isInSubset(subset, endpoint)));
    return when(shared.size > 0 && left.length > 0 && left.length < endpoints.length, () => ({
      place: inSplit("subsets"),
      says: `${counted(left.length, "endpoint")} of ${name} (${listed(
        left.map(({ id }) => id),
        3,
      )}) ${left.length === 1 ? "is" : "are"} in none of the subsets that share its requests, and ${left.length === 1 ? "gets" : "get"} none`,
      remedy: "Give them the metadata of a subset, or a subset of their own.",
    }));
  },
);

const backAtOnce = ofEachService(
  { code: "WR0115", severity: "info", title: "What failed gets everything back at once" },
  ({ name, split, inSplit }) => {
    const hasStandby = split?.rules.some((rule) => standbysOf(rule).length > 0) === true;
    return when(hasStandby && split?.failback.holdForMs === 0, () => ({
      place: inSplit("failback", "holdFor"),
      says: `a data center of ${name} that comes back gets all of its requests in the same moment, with cold caches and few connections; one that comes and goes takes them along each time`,
      remedy: `The default is ${timeText(30_000)}, and then a quarter every ${timeText(10_000)}.`,
    }));
  },
);

export const subsetAnalyzers: readonly Analyzer[] = [emptyButUsed, empty, unused, outside, backAtOnce];

/** The documents that send requests to a subset: `trafficSplits/report`, `routes/report`. */
function usersOf({ name, split }: Subject, subset: string, { book }: Scene): readonly string[] {
  const share = split?.subsets.find((each) => each.name === subset)?.percent ?? 0;
  const routes = book.routes.filter(({ rules }) =>
    rules.some(({ backends, mirrors }) =>
      [...backends.filter(({ weight }) => weight > 0), ...mirrors].some(
        (each) => each.service === name && each.subset === subset,
      ),
    ),
  );
  return [...(share > 0 ? [`trafficSplits/${split?.name}`] : []), ...routes.map((each) => `routes/${each.name}`)];
}

function matchText(match: Readonly<Record<string, string>>): string {
  return Object.entries(match)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ");
}
