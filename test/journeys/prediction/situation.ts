/**
 * Something that a policy, a split and the endpoints' state make of traffic. A locality's endpoints are words: `ok`; by their
 * source's word `weak` (degraded), `leaving` (draining), `failing`; in fact `erring` (every request is answered with an error) or
 * `gone` (nobody listens). `ok*300` weighs 300.
 */
export type Situation = {
  readonly name: string;
  readonly endpoints: Readonly<Record<string, string>>;
  /** Of a TrafficSplit's only rule; without it requests go to the nearest. */
  readonly to?: Readonly<Record<string, number>>;
  readonly failover?: readonly string[];
  readonly overrides?: readonly { readonly locality: string; readonly weight: number }[];
  /** Of a TrafficPolicy's spec. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Both unless told. */
  readonly clients?: readonly ClientKind[];
  /** Which of a locality's endpoints is chance, or nothing but its share is promised. */
  readonly localitiesOnly?: true;
  /** A header with another value for each request. */
  readonly freshHeader?: string;
  /** Requests in flight; 10 unless told. */
  readonly atOnce?: number;
};

export const clientKinds = ["edge", "grpc"] as const;
export type ClientKind = (typeof clientKinds)[number];

export const words = ["ok", "weak", "leaving", "failing", "erring", "gone"] as const;
export type Word = (typeof words)[number];

/** Where both clients are. */
export const clientsPlace = { region: "dc-a", zone: "z1" };

export type EndpointWord = { readonly locality: string; readonly word: Word; readonly weight: number };

export function endpointWords({ endpoints }: Situation): readonly EndpointWord[] {
  return Object.entries(endpoints).flatMap(([locality, text]) =>
    text.split(" ").map((each) => {
      const [said = "", weight = "100"] = each.split("*");
      const word = words.find((known) => known === said);
      if (!word) throw new Error(`"${each}" is none of ${words.join(", ")}`);
      return { locality, word, weight: Number(weight) };
    }),
  );
}
