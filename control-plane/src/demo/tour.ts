import type { Outcome } from "./ledger.ts";
import type { Failure } from "./load/load-report.ts";
import { sumOf } from "./load/ordered-report.ts";
import type { Stage } from "./stage.ts";
import { answeredBy, type Shares, sharesVerdict } from "./verdict.ts";
import { createWitness } from "./witness.ts";

export type TourStep = {
  readonly title: string;
  /** Resolves with what was seen; fails with what was seen instead. */
  readonly run: () => Promise<string>;
};

export type StepResult = {
  readonly title: string;
  readonly ok: boolean;
  readonly says: string;
  readonly tookMs: number;
};

export type TourParts = {
  readonly stage: Stage;
  /** How long it took until every client had answers. */
  readonly trafficAfterMs: () => number;
  /** `weir traffic set report …` */
  readonly setTraffic: (shares: readonly string[]) => Promise<void>;
  /** The newest failures, oldest first. */
  readonly failures: () => readonly Failure[];
};

const trafficWithinMs = 30_000;
const followedWithinMs = 30_000;
/** Requests of each client from which its shares are judged. */
const enough = 300;
const shares = (dcA: number, dcB: number): Shares =>
  new Map([
    ["dc-a", dcA / 100],
    ["dc-b", dcB / 100],
  ]);

/** What the README's tour promises, as steps that build on each other. */
export function tourSteps(
  { stage, trafficAfterMs, setTraffic, failures }: TourParts,
  signal: AbortSignal,
): readonly TourStep[] {
  const { datacenters, crowd } = stage;
  const witness = createWitness(crowd, failures, signal);
  const split = (wanted: Shares) => (client: string, outcome: Outcome) => sharesVerdict(client, outcome, wanted);
  const only = (regions: readonly string[]) => (client: string, outcome: Outcome) =>
    answeredBy(client, outcome, regions);
  const afterOneSecond = () => Date.now() + 1_000;

  return [
    {
      title: "traffic flows through every client",
      async run() {
        const took = `${(trafficAfterMs() / 1000).toFixed(1)} s after the start`;
        if (trafficAfterMs() > trafficWithinMs) throw new Error(`${took}, expected ${trafficWithinMs / 1000} s`);
        await stage.complete;
        return took;
      },
    },
    {
      title: "70/30 is configured, and what is observed",
      run: () => witness.judge(afterOneSecond(), enough, split(shares(70, 30))),
    },
    {
      title: "traffic set report dc-a=20 dc-b=80 holds one second later",
      async run() {
        await setTraffic(["dc-a=20", "dc-b=80"]);
        return witness.judge(afterOneSecond(), enough, split(shares(20, 80)));
      },
    },
    {
      title: "a graceful drain of dc-b, which has 80 %, loses no request",
      async run() {
        // Those in flight when it begins are what a drain loses first.
        const from = Date.now() - 1_000;
        await datacenters.stop("dc-b");
        await witness.known(Date.now());
        return witness.judge(from, 1, only(["dc-a", "dc-b", "dc-c"]));
      },
    },
    {
      title: "dc-b drained: the others take its share",
      run: () => witness.judge(afterOneSecond(), 100, only(["dc-a", "dc-c"])),
    },
    {
      title: "dc-b started again gets its share back",
      async run() {
        await datacenters.start("dc-b");
        return witness.await(4_000, 30_000, split(shares(20, 80)));
      },
    },
    {
      title: "dc-b killed: requests from one second later are all answered",
      async run() {
        await datacenters.kill("dc-b");
        return witness.judge(afterOneSecond(), 150, only(["dc-a", "dc-c"]));
      },
    },
    {
      title: "dc-a killed as well: dc-c takes over",
      async run() {
        await datacenters.kill("dc-a");
        return witness.judge(afterOneSecond(), 150, only(["dc-c"]));
      },
    },
    {
      title: "dc-a and dc-b started again get their shares back",
      async run() {
        await Promise.all([datacenters.start("dc-a"), datacenters.start("dc-b")]);
        return witness.await(4_000, 40_000, split(shares(20, 80)));
      },
    },
    {
      title: "dc-b answers UNAVAILABLE: it is ejected",
      async run() {
        await datacenters.fail("dc-b", { status: "UNAVAILABLE", percent: 100 });
        return witness.await(2_000, 30_000, only(["dc-a", "dc-c"]));
      },
    },
    {
      title: "dc-b healed gets its share back",
      async run() {
        await datacenters.heal("dc-b");
        return witness.await(4_000, 40_000, split(shares(20, 80)));
      },
    },
    {
      title: "every report that was ordered is made",
      async run() {
        const { created: ordered } = crowd.sums();
        // Clients follow what they ordered in the order in which they did.
        const reached = await witness.until(() => sumOf(crowd.sums().succeeded) >= ordered, followedWithinMs);
        const { succeeded, failed } = crowd.sums();
        const seen = `${ordered} had been ordered, ${sumOf(succeeded)} are made by now, ${failed} failed`;
        if (!reached || ordered === 0 || failed > 0) throw new Error(seen);
        return seen;
      },
    },
  ];
}

/** Runs the steps until one fails. Each result is told as it comes; true when all have passed. */
export async function runTour(steps: readonly TourStep[], tell: (result: StepResult) => void): Promise<boolean> {
  for (const { title, run } of steps) {
    const began = performance.now();
    try {
      const says = await run();
      tell({ title, ok: true, says, tookMs: performance.now() - began });
    } catch (cause) {
      tell({ title, ok: false, says: (cause as Error).message, tookMs: performance.now() - began });
      return false;
    }
  }
  return true;
}
