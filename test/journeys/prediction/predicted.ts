import { sayMethod } from "../../kit/echo.ts";
import type { Weir } from "../../kit/weir.ts";
import type { Subject } from "./scene.ts";
import { type ClientKind, clientsPlace, type Situation } from "./situation.ts";

export type Predicted = {
  /** The part of a client's requests that each address gets. */
  readonly shares: ReadonlyMap<string, number>;
  /** Whether localities are taken in turn, and not by chance. */
  readonly isSteady: boolean;
};

const words = { erring: "errs", gone: "is gone" } as const;

/** What the control plane says will become of the requests, given what no document tells it. */
export async function predicted(
  weir: Weir,
  client: ClientKind,
  { service, situation, endpoints }: Subject,
): Promise<Predicted> {
  const troubles = endpoints.flatMap(({ address, word }) =>
    word === "erring" || word === "gone" ? [`${address} ${words[word]}`] : [],
  );
  const from = `${clientsPlace.region}/${clientsPlace.zone}`;
  const query = new URLSearchParams({ client, host: service, from, path: sayMethod.path });
  if (troubles.length > 0) query.set("if", troubles.join(" and "));
  for (const [name, value] of Object.entries(situation.headers ?? {})) query.append("header", `${name}=${value}`);
  const { status, body } = await weir.api("GET", `/v1/explain?${query}`);
  if (status !== 200) throw new Error(`explaining ${service} to ${client}: ${status} ${JSON.stringify(body)}`);
  const shares = new Map<string, number>();
  let isSteady = client === "edge" && !goesByChance(situation);
  for (const { percent, abortedPercent, now, ifs } of (body as Explained).destinations) {
    const part = (percent / 100) * (1 - abortedPercent / 100);
    const { endpoints: then, priorities } = troubles.length > 0 ? (ifs[0]?.prediction ?? now) : now;
    isSteady &&= part === 1 && priorities.some((each) => each.percent === 100 && !each.panic);
    for (const each of then) shares.set(each.address, (shares.get(each.address) ?? 0) + (part * each.percent) / 100);
  }
  return { shares, isSteady };
}

/** Hashes are as good as chance, and so is whether a request is a healthy or a degraded endpoint's. */
function goesByChance({ policy, endpoints }: Situation): boolean {
  return /RingHash|Maglev/.test(JSON.stringify(policy ?? {})) || Object.values(endpoints).join(" ").includes("weak");
}

type Shares = {
  readonly priorities: readonly { readonly percent: number; readonly panic: boolean }[];
  readonly endpoints: readonly { readonly address: string; readonly percent: number }[];
};
type Explained = {
  readonly destinations: readonly {
    readonly percent: number;
    readonly abortedPercent: number;
    readonly now: Shares;
    readonly ifs: readonly { readonly prediction: Shares }[];
  }[];
};
