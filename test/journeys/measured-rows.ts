/** A measurement of what Envoy and gRPC make of settings, as documents say them: what it must come to through Weir. */
export type MeasuredRow = {
  readonly what: string;
  /** What answers UNAVAILABLE while it is measured. */
  readonly bad: Bad;
  /** The service's endpoints by the data center they are said to be in. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  /** The TrafficSplit's only rule; nearest, if undefined. */
  readonly rule?: object;
  /** Beside an interval of a second and no retries, which would hide the failures. */
  readonly policy: Policy;
  readonly expect: Partial<Readonly<Record<"envoy" | "node", Expected>>>;
};

type Policy = { readonly outlierDetection?: object; readonly panicThreshold?: number };
export type Bad = keyof typeof badSets;
/** The share of requests that fail once it has settled, and where they go. */
export type Expected = { readonly failing: number | "most"; readonly to?: Readonly<Record<string, number>> };

const [a, b, c] = [
  ["a1", "a2", "a3"],
  ["b1", "b2", "b3"],
  ["c1", "c2", "c3"],
] as const;
export const backendIds: readonly string[] = [...a, ...b, ...c, "a4"];

export const badSets = {
  nothing: [],
  "one host": ["a1"],
  "a host in each": ["a1", "b1", "c1"],
  "dc-a": a,
  "dc-a and dc-b": [...a, ...b],
  all: [...a, ...b, ...c],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const three = { "dc-a": a, "dc-b": b, "dc-c": c };
const inTurn = { to: { "dc-a": 100 }, failover: ["dc-b", "dc-c"] };
const equal = { to: { "dc-a": 34, "dc-b": 33, "dc-c": 33 } };
const seventyThirty = { to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] };
const hosts = (count: number) => ({ "dc-a": [...a, ...b, ...c, "a4"].slice(0, count) });
const envoysOwn = { outlierDetection: { maxEjectionPercent: 10 } };
const half = { outlierDetection: { maxEjectionPercent: 50 } };
const ours = {};

const good = (to: Expected["to"]): Expected => ({ failing: 0, ...(to && { to }) });

/** Envoy ejects by failures in a row, the Node client by the share of failures in an interval. */
export const measuredRows: readonly MeasuredRow[] = [
  row("3 hosts, Envoy's own 10 %: the bad one keeps its third", "one host", hosts(3), envoysOwn, {
    envoy: { failing: 1 / 3 },
  }),
  row("5 hosts, Envoy's own 10 %: never ejected", "one host", hosts(5), envoysOwn, { envoy: { failing: 1 / 5 } }),
  row("10 hosts, Envoy's own 10 %: ejected", "one host", hosts(10), envoysOwn, { envoy: good({}) }),
  row("3 hosts, as it comes", "one host", hosts(3), ours, { envoy: good({}), node: good({}) }),
  row("3 hosts, 34 %", "one host", hosts(3), { outlierDetection: { maxEjectionPercent: 34 } }, { envoy: good({}) }),
  row("three of nine hosts, as it comes", "a host in each", three, ours, { envoy: good({}), node: good({}) }, equal),

  row("in turn, Envoy's own 10 %: no failover", "dc-a", three, envoysOwn, { envoy: { failing: 1 } }, inTurn),
  row("in turn, 50 %", "dc-a", three, half, { envoy: good({ "dc-b": 1 }) }, inTurn),
  row("in turn, as it comes", "dc-a", three, ours, { envoy: good({ "dc-b": 1 }), node: good({ "dc-b": 1 }) }, inTurn),
  row("equal shares, Envoy's own 10 %", "dc-a", three, envoysOwn, { envoy: { failing: 0.34 } }, equal),
  row("equal shares, as it comes", "dc-a", three, ours, { envoy: good({ "dc-b": 0.5, "dc-c": 0.5 }) }, equal),
  row(
    "70/30 and a failover: Envoy spills over, gRPC does not",
    "dc-a",
    three,
    ours,
    { envoy: good({ "dc-b": 0.7, "dc-c": 0.3 }), node: good({ "dc-b": 1 }) },
    seventyThirty,
  ),
  row(
    "70/30, 10 %: gRPC does not shrink the locality's share",
    "dc-a",
    three,
    envoysOwn,
    { node: { failing: 0.7 } },
    seventyThirty,
  ),
  row(
    "70/30, success rate alone cannot see half of the hosts fail",
    "dc-a",
    three,
    {
      outlierDetection: {
        successRate: { enforcing: 100, minimumHosts: 5, requestVolume: 5 },
        failurePercentage: { enforcing: 0 },
      },
    },
    { node: { failing: 0.7 } },
    seventyThirty,
  ),
  row(
    "70/30, outlier detection off",
    "dc-a",
    three,
    { outlierDetection: { enabled: false } },
    { node: { failing: 0.7 } },
    seventyThirty,
  ),

  row(
    "in turn, 50 %: two data centers are too many",
    "dc-a and dc-b",
    three,
    half,
    { envoy: { failing: "most" } },
    inTurn,
  ),
  row(
    "in turn, as it comes",
    "dc-a and dc-b",
    three,
    ours,
    { envoy: good({ "dc-c": 1 }), node: good({ "dc-c": 1 }) },
    inTurn,
  ),
  row(
    "equal shares, Envoy's own panic threshold of 50",
    "dc-a and dc-b",
    three,
    { panicThreshold: 50 },
    { envoy: { failing: 2 / 3 } },
    equal,
  ),
  row(
    "equal shares, as it comes",
    "dc-a and dc-b",
    three,
    ours,
    { envoy: good({ "dc-c": 1 }), node: good({ "dc-c": 1 }) },
    equal,
  ),
  row("equal shares, no panic", "dc-a and dc-b", three, { panicThreshold: 0 }, { envoy: good({ "dc-c": 1 }) }, equal),
  row(
    "70/30 and a failover",
    "dc-a and dc-b",
    three,
    ours,
    { envoy: good({ "dc-c": 1 }), node: good({ "dc-c": 1 }) },
    seventyThirty,
  ),

  row(
    "70/30 and a failover",
    "nothing",
    three,
    ours,
    { envoy: good({ "dc-a": 0.7, "dc-b": 0.3 }), node: good({ "dc-a": 0.7, "dc-b": 0.3 }) },
    seventyThirty,
  ),
  row(
    "equal shares, as it comes: panic spreads over all",
    "all",
    three,
    ours,
    { envoy: { failing: 1, to: { "dc-a": 1 / 3, "dc-b": 1 / 3, "dc-c": 1 / 3 } } },
    equal,
  ),
  row(
    "equal shares, no panic: nothing is sent",
    "all",
    three,
    { panicThreshold: 0 },
    { envoy: { failing: 1, to: {} } },
    equal,
  ),
];

function row(
  what: string,
  bad: Bad,
  endpoints: MeasuredRow["endpoints"],
  policy: Policy,
  expect: MeasuredRow["expect"],
  rule?: object,
): MeasuredRow {
  return { what, bad, endpoints, policy, expect, ...(rule && { rule }) };
}
