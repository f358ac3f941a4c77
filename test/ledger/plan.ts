import { createRandom } from "../faults/suite/random.ts";

/** One thing that goes wrong; `server` counts from 0. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: "kill-server" | "kill-child" | "leave-server" | "jump-clock"; readonly server: number }
  /** What it writes finds no room, as on a full disk, and then does. */
  | { readonly kind: "fill-disk"; readonly server: number; readonly forMs: number }
  /** Its process hangs, and goes on later: what it then still wants to write comes too late. */
  | { readonly kind: "stop-server" | "stop-child"; readonly server: number; readonly forMs: number }
  /** A server that is at work on a report stops for longer than its lease. */
  | { readonly kind: "stop-working-server"; readonly forMs: number }
  | { readonly kind: "hold-store" | "stop-store" | "stop-standby"; readonly forMs: number }
  /** Ends at once and comes back after a while, or hangs for as long. */
  | { readonly kind: "kill-cache" | "stop-cache" | "kill-objects" | "stop-objects"; readonly forMs: number }
  | {
      readonly kind: "kill-client" | "kill-store" | "restart-store" | "fail-over-store" | "kill-broker" | "stop-broker";
    }
);

export type FaultKind = Fault["kind"];

export type PlanOptions = {
  readonly kinds: readonly FaultKind[];
  /** Further groups of kinds, each with draws of its own: whether they are there changes nothing of the others. */
  readonly besides?: readonly (readonly FaultKind[])[];
  readonly servers: number;
  readonly durationMs: number;
  readonly leaseMs: number;
};

/** The faults of a run: each kind at least once if there is time, then by chance; the same for the same seed. */
export function planOf(seed: number, { kinds, besides = [], ...options }: PlanOptions): readonly Fault[] {
  const groups = besides.map((own) =>
    groupPlan(seedOf(seed, own), own, { every: [2_500, 7_000], isBeside: true, ...options }),
  );
  const main = groupPlan(seed, kinds, { every: [600, 2_200], isBeside: false, ...options });
  return [...main, ...groups.flat()].toSorted((a, b) => a.atMs - b.atMs);
}

function seedOf(seed: number, kinds: readonly FaultKind[]): number {
  return [...kinds.join()].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, seed);
}

type GroupOptions = Omit<PlanOptions, "kinds" | "besides"> & {
  /** Milliseconds between two faults, at least and at most. */
  readonly every: readonly [number, number];
  /** Not all groups begin at once. */
  readonly isBeside: boolean;
};

function groupPlan(
  seed: number,
  kinds: readonly FaultKind[],
  { servers, durationMs, leaseMs, every: [leastMs, mostMs], isBeside }: GroupOptions,
): readonly Fault[] {
  const random = createRandom(seed);
  const faults: Fault[] = [];
  let deck: FaultKind[] = [];
  // The first seconds fill the queue; in the last ones nothing new goes wrong.
  let atMs = 2_000 + (isBeside ? random.between(0, leastMs) : 0);
  while (atMs < durationMs - 1_500) {
    if (deck.length === 0) deck = shuffled(kinds, random);
    const kind = deck.pop();
    if (kind) faults.push(faultOf(kind, atMs));
    atMs += random.between(leastMs, mostMs);
  }
  return faults;

  function faultOf(kind: FaultKind, atMs: number): Fault {
    const server = random.between(0, servers - 1);
    switch (kind) {
      case "kill-server":
      case "kill-child":
      case "leave-server":
      case "jump-clock":
        return { kind, atMs, server };
      case "stop-server":
      case "stop-child":
        return { kind, atMs, server, forMs: random.between(200, leaseMs * 2) };
      case "stop-working-server":
        return { kind, atMs, forMs: leaseMs + random.between(1_500, 3_000) };
      case "fill-disk":
        return { kind, atMs, server, forMs: random.between(500, 3_000) };
      case "kill-cache":
      case "stop-cache":
      case "kill-objects":
      case "stop-objects":
        return { kind, atMs, forMs: random.between(500, 5_000) };
      case "hold-store":
      case "stop-store":
      case "stop-standby":
        return { kind, atMs, forMs: random.between(300, 3_000) };
      default:
        return { kind, atMs };
    }
  }
}

function shuffled<T>(things: readonly T[], { between }: ReturnType<typeof createRandom>): T[] {
  const mixed = [...things];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = between(0, last);
    const [one, two] = [mixed[last], mixed[other]];
    if (one !== undefined && two !== undefined) [mixed[last], mixed[other]] = [two, one];
  }
  return mixed;
}
