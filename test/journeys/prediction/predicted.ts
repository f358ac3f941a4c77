import type { Weir } from "../../kit/weir.ts";
import type { Subject } from "./scene.ts";
import { type ClientKind, clientsPlace } from "./situation.ts";

/** Percent of a client's requests. */
export type Predicted = {
  readonly failedPercent: number;
  readonly endpoints: readonly {
    readonly address: string;
    readonly locality: string;
    readonly priority: number;
    readonly percent: number;
  }[];
  readonly localities: readonly { readonly locality: string; readonly priority: number; readonly percent: number }[];
};

const words = { erring: "errs", gone: "is gone" } as const;

/** What the control plane says will become of the requests, given what no document tells it. */
export async function predicted(weir: Weir, client: ClientKind, { service, endpoints }: Subject): Promise<Predicted> {
  const troubles = endpoints.flatMap(({ address, word }) =>
    word === "erring" || word === "gone" ? [`${address} ${words[word]}`] : [],
  );
  const query = new URLSearchParams({ client, host: service, from: `${clientsPlace.region}/${clientsPlace.zone}` });
  if (troubles.length > 0) query.set("if", troubles.join(" and "));
  const { status, body } = await weir.api("GET", `/v1/explain?${query}`);
  if (status !== 200) throw new Error(`explaining ${service} to ${client}: ${status} ${JSON.stringify(body)}`);
  const [destination] = (body as Explained).destinations;
  if (!destination) throw new Error(`${service} is no destination: ${JSON.stringify(body)}`);
  return troubles.length > 0 ? (destination.ifs[0]?.prediction ?? destination.now) : destination.now;
}

type Explained = {
  readonly destinations: readonly { readonly now: Predicted; readonly ifs: readonly { prediction: Predicted }[] }[];
};
