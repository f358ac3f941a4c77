import { defaultPolicy } from "../../model/default-policy.ts";
import { localityText, parseLocality } from "../../model/locality.ts";
import type { EndpointId, SourceName } from "../../model/names.ts";
import type { TrafficPolicy } from "../../model/policy.ts";
import type { Health } from "../../model/service.ts";
import type { Viewer } from "../../model/viewer.ts";
import type { SpreadLocality } from "../../translate/spread/spread-endpoints.ts";
import type { Condition, Trouble } from "./condition.ts";
import { predictShares } from "./predict.ts";

/** A locality of a test: `{in: "dc-a", weight: 70, hosts: "ok ok bad"}`; `ok*3` weighs 3. */
export type TestLocality = {
  readonly in: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly hosts: string;
};

const healths: Readonly<Record<string, Health>> = {
  ok: "serving",
  weak: "degraded",
  leaving: "draining",
  bad: "failing",
};

/** The spread of these localities; hosts are numbered through, from 10.0.0.1:1 on. */
export function spreadOf(localities: readonly TestLocality[]): readonly SpreadLocality[] {
  let number = 0;
  return localities.map(({ in: where, priority = 0, weight = 100, hosts }) => {
    const locality = parseLocality(where);
    if (!locality.ok) throw new Error(`"${where}" is no locality`);
    const members = hosts.split(" ").map((word) => {
      const [said = "", times = "1"] = word.split("*");
      number += 1;
      const health = healths[said] ?? "serving";
      const endpoint = {
        id: `e${number}` as EndpointId,
        address: { host: "10.0.0.1", port: number },
        locality: locality.value,
        health,
        weight: Number(times),
        metadata: {},
        source: "test" as SourceName,
      };
      return { endpoint, health, weight: endpoint.weight };
    });
    return { priority, locality: locality.value, weight, members };
  });
}

/** Those of a test's hosts, by their numbers, that have this trouble. */
export function trouble(what: Trouble, numbers: readonly number[]): Condition {
  return new Map(numbers.map((number) => [`10.0.0.1:${number}`, what]));
}

/** Shares in percent: by locality, and what fails; both with one digit. */
export function shares(
  localities: readonly TestLocality[],
  {
    policy = {},
    client = "envoy",
    condition,
  }: {
    readonly policy?: Partial<TrafficPolicy>;
    readonly client?: Viewer["flavour"];
    readonly condition?: Condition;
  } = {},
): Readonly<Record<string, number>> {
  const { localities: there, failed } = predictShares(
    spreadOf(localities),
    { ...defaultPolicy, ...policy },
    client,
    condition,
  );
  const named = there
    .filter(({ share }) => share > 0)
    .map(({ locality, share }) => [localityText(locality), tenths(share)] as const);
  return { ...Object.fromEntries(named), ...(failed > 0 && { failed: tenths(failed) }) };
}

export function tenths(share: number): number {
  return Math.round(share * 1_000) / 10;
}
