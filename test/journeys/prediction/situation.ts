/**
 * Something that a policy, a split and the endpoints' state make of traffic. A locality's endpoints are words: `ok`; by their
 * source's word `weak` (degraded), `leaving` (draining), `failing`; in fact `erring` (every request is answered with an error) or
 * `gone` (nobody listens). `ok*300` weighs 300, `ok@v2` is of version v2.
 */
export type Situation = {
  readonly name: string;
  readonly endpoints: Readonly<Record<string, string>>;
  /** Of a TrafficSplit's only rule; without it requests go to the nearest. */
  readonly to?: Readonly<Record<string, number>>;
  readonly failover?: readonly string[];
  /** More of a TrafficSplit's spec. */
  readonly split?: Readonly<Record<string, unknown>>;
  /** More of a Service's spec. */
  readonly service?: Readonly<Record<string, unknown>>;
  /** Of a Route's spec; a back end without a service is the one that the endpoints are of. */
  readonly rules?: readonly RouteRule[];
  readonly overrides?: readonly { readonly locality: string; readonly weight: number }[];
  /** Of a TrafficPolicy's spec. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Both unless told. */
  readonly clients?: readonly ClientKind[];
  /** Which of a locality's endpoints is chance, or nothing but its share is promised. */
  readonly localitiesOnly?: true;
  /** Of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A header with another value for each request. */
  readonly freshHeader?: string;
  /** Requests in flight; 10 unless told. */
  readonly atOnce?: number;
};

export type RouteRule = Readonly<Record<string, unknown>> & {
  readonly backendRefs: readonly { readonly subset?: string; readonly weight?: number }[];
};

export const clientKinds = ["edge", "grpc"] as const;
export type ClientKind = (typeof clientKinds)[number];

export const words = ["ok", "weak", "leaving", "failing", "erring", "gone"] as const;
export type Word = (typeof words)[number];

/** Where both clients are. */
export const clientsPlace = { region: "dc-a", zone: "z1" };

export type EndpointWord = {
  readonly locality: string;
  readonly word: Word;
  readonly weight: number;
  readonly version: string | undefined;
};

export function endpointWords({ endpoints }: Situation): readonly EndpointWord[] {
  return Object.entries(endpoints).flatMap(([locality, text]) =>
    text.split(" ").map((each) => {
      const { said = "", weight = "100", version } = form.exec(each)?.groups ?? {};
      const word = words.find((known) => known === said);
      if (!word) throw new Error(`"${each}" is none of ${words.join(", ")}`);
      return { locality, word, weight: Number(weight), version };
    }),
  );
}

const form = /^(?<said>\w+)(?:\*(?<weight>\d+))?(?:@(?<version>\w+))?$/;
