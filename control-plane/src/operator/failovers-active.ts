import { parseServiceName } from "../model/names.ts";
import type { World } from "../model/world.ts";
import type { ObservedLoad } from "../serve/loads/observed-loads.ts";
import { observedTraffic } from "./observed-traffic.ts";

/** A client that is one change behind may send a request or two where no rule sends it any more. */
const leastPercent = 1;

/** Of each rule with standbys whose callers send: whether more than 1 % of that goes to these. */
export function failoversActive(
  world: World | undefined,
  loads: readonly ObservedLoad[],
): readonly { readonly service: string; readonly from: string; readonly active: boolean }[] {
  return [...Map.groupBy(loads, ({ service }) => service)].flatMap(([name, ofService]) => {
    const known = parseServiceName(name);
    const service = known && world?.catalog.get(known);
    if (world === undefined || service === undefined) return [];
    const rows = observedTraffic(world.splits.get(service.spec.name), service, ofService, 1);
    return [...Map.groupBy(rows, ({ from }) => from)].flatMap(([from, ofRule]) => {
      const standbys = ofRule.filter(({ use }) => use === "standby");
      const sends = ofRule.some(({ observed }) => observed.percent !== undefined);
      if (standbys.length === 0 || !sends) return [];
      const percent = standbys.reduce((sum, { observed }) => sum + (observed.percent ?? 0), 0);
      return [{ service: name, from, active: percent > leastPercent }];
    });
  });
}
