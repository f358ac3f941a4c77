import { createRandom, type Random } from "../../faults/suite/random.ts";
import type { Situation, Word } from "./situation.ts";

/** So many situations that this seed decides. */
export function randomSituations(count: number, seed: number): readonly Situation[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => randomSituation(`seed ${seed}, number ${index + 1}`, random));
}

function randomSituation(name: string, random: Random): Situation {
  const regions = ["dc-a", "dc-b", "dc-c"].slice(0, random.between(1, 3));
  const weightsDiffer = random.next() < 0.3;
  const endpoints = Object.fromEntries(
    regions.flatMap((region) =>
      Array.from({ length: random.between(1, 2) }, (_, zone) => [
        `${region}/z${zone + 1}`,
        randomWords(random, weightsDiffer),
      ]),
    ),
  );
  const chosen = random.oneOf(balancers);
  return {
    name,
    endpoints,
    ...randomSplit(random, regions),
    policy: {
      loadBalancer: chosen.loadBalancer,
      panicThreshold: random.oneOf([0, 20, 50, 100]),
      overprovisioningFactor: random.oneOf([100, 140, 200]),
      outlierDetection:
        random.next() < 0.8
          ? { interval: "1s", baseEjectionTime: "1h", maxEjectionTime: "1h", failurePercentage: { requestVolume: 3 } }
          : { enabled: false },
    },
    ...(chosen.freshHeader !== undefined && { freshHeader: chosen.freshHeader }),
    // With many in flight least request bends weights that differ, and in a panic prefers who fails at once.
    ...(chosen.loadBalancer.type === "LeastRequest" && { atOnce: 1 }),
  };
}

type Balancer = {
  readonly loadBalancer: { readonly type: string; readonly consistentHash?: { readonly header: string } };
  readonly freshHeader?: string;
};

const freshHeader = "x-key";
const hashing = (type: string): Balancer => ({
  loadBalancer: { type, consistentHash: { header: freshHeader } },
  freshHeader,
});
const balancers: readonly [Balancer, ...Balancer[]] = [
  { loadBalancer: { type: "RoundRobin" } },
  { loadBalancer: { type: "LeastRequest" } },
  { loadBalancer: { type: "Random" } },
  hashing("RingHash"),
  hashing("Maglev"),
];

/** Mostly well, or mostly in one kind of trouble: what is mixed evenly is seldom at any limit. */
function randomWords(random: Random, weightsDiffer: boolean): string {
  const [trouble, share] = [
    random.oneOf<Word>(["failing", "failing", "weak", "leaving", "erring", "gone"]),
    random.oneOf([0, 0, 0.3, 0.6, 1]),
  ];
  const words = Array.from({ length: random.between(1, 3) }, () => (random.next() < share ? trouble : "ok"));
  return words.map((word) => (weightsDiffer ? `${word}*${random.oneOf([50, 100, 200])}` : word)).join(" ");
}

function randomSplit(random: Random, regions: readonly string[]): Pick<Situation, "to" | "failover"> {
  const kind = random.oneOf(["nearest", "order", "shares"]);
  const [first = "dc-a", second, ...rest] = regions;
  if (kind === "nearest") return {};
  if (kind === "order" || second === undefined) return { to: { [first]: 100 }, failover: regions.slice(1) };
  const part = random.between(2, 8) * 10;
  return { to: { [first]: part, [second]: 100 - part }, failover: rest };
}
