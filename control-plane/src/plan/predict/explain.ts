import { byText } from "../../lib/order.ts";
import type { ServiceName } from "../../model/names.ts";
import type { World } from "../../model/world.ts";
import type { Entrance } from "../../translate/domains.ts";
import { createFitting } from "../../translate/fitting.ts";
import { clusterName } from "../../translate/resource-names.ts";
import { hashOnOf } from "../../translate/route/hash-policy.ts";
import { createSubjects, type Subject } from "../../translate/subjects.ts";
import { destinationOf } from "./destination-of.ts";
import type { Destination, Explanation, Mirror, NoEntrance, Question } from "./explanation.ts";
import { hashOfRequest } from "./hash-of-request.ts";
import { matchesRequest } from "./matches-request.ts";
import { type Way, waysOf } from "./route-request.ts";

/** Where a client's requests go, now and if something happened. */
export function explain(world: World, question: Question): Explanation | NoEntrance {
  const { viewer, request } = question;
  const { entrances, byName } = createSubjects(createFitting())(world, viewer);
  const entrance = entranceOf(entrances, question);
  if (!entrance) return { hosts: entrances.flatMap(({ hosts }) => hosts).sort(byText) };
  const ways = waysOf(entrance, request, viewer.flavour, (service) => byName.get(service));
  const destinations = ways.flatMap((way) => destinationsOf(way, (service) => byName.get(service), world, question));
  return {
    host: question.host ?? entrance.hosts[0] ?? "",
    destinations,
    mirrors: viewer.flavour === "envoy" ? ways.flatMap(mirrorsOf) : [],
    unmatched: withoutNoise(1 - ways.reduce((sum, { share }) => sum + share, 0)),
    refused: ways.filter(({ targets }) => targets.length === 0).reduce((sum, { share }) => sum + share, 0),
  };
}

/**
 * Hosts are not case-sensitive, and come with a port or without. Without a host it is the one whose Route names the path, or the
 * only one that there is.
 */
function entranceOf(entrances: readonly Entrance[], { host, request, viewer }: Question): Entrance | undefined {
  if (host !== undefined) {
    const has = (name: string) => entrances.find(({ hosts }) => hosts.some((each) => each.toLowerCase() === name));
    return has(host.toLowerCase()) ?? has(host.toLowerCase().replace(/:\d+$/, ""));
  }
  const naming = entrances.filter(({ route }) =>
    route?.rules.some(({ matches }) =>
      matches.some((match) => match.path.kind !== "any" && matchesRequest(match, request, viewer.flavour)),
    ),
  );
  const [only, ...others] = naming.length > 0 ? naming : entrances;
  return others.length === 0 ? only : undefined;
}

function destinationsOf(
  way: Way,
  subjectOf: (service: ServiceName) => Subject | undefined,
  world: World,
  question: Question,
): readonly Destination[] {
  const total = way.targets.reduce((sum, { weight }) => sum + weight, 0);
  const targets = way.targets.flatMap(({ cluster, weight }) => {
    // No name holds a `|`.
    const [service = "", subset] = cluster.split("|");
    const subject = subjectOf(service as ServiceName);
    return subject ? [{ subject, subset, cluster, share: (way.share * weight) / total }] : [];
  });
  const first = way.rule?.rule.backends.map(({ service }) => subjectOf(service)).find((each) => each !== undefined);
  const policy = (first ?? targets[0]?.subject)?.policy;
  const hashOn = way.rule?.rule.hashOn ?? (policy ? hashOnOf(policy.loadBalancer) : []);
  const hash = hashOfRequest(hashOn, question.request, question.viewer.flavour);
  return targets.map((target) => destinationOf(target, way, hash, world, question));
}

function mirrorsOf({ share, rule }: Way): readonly Mirror[] {
  if (!rule) return [];
  const by = { route: rule.route, rule: rule.name };
  return rule.rule.mirrors.map(({ service, subset, percent }) => ({
    share: (share * percent) / 100,
    by,
    cluster: clusterName({ name: service }, subset),
  }));
}

/** What is left of 1 after adding fractions. */
function withoutNoise(share: number): number {
  return share < 1e-9 ? 0 : share;
}
