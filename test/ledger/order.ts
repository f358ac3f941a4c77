import { createRandom } from "../faults/suite/random.ts";

/** What one request is to be, and what its client does beyond sending it. */
export type Order = {
  readonly request: string;
  readonly tenant: string;
  readonly kind: "quick" | "slow" | "shared" | "poison" | "impatient" | "wrong";
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly next: "nothing" | "repeat" | "watch" | "cancel" | "other-body";
};

export const tenants = ["red", "green", "blue"] as const;

/** The order with this number: the same for the same seed, also for a client that was killed and starts again. */
export function orderOf(seed: number, index: number): Order {
  const random = createRandom((seed * 1_000_003 + index) >>> 0);
  const kind = kindOf(random.next());
  const request = `ledger-${seed}-${index}`;
  const tenant = random.oneOf(tenants);
  const text = kind === "shared" ? `shared ${random.between(0, 7)}` : request;
  return {
    request,
    tenant,
    kind,
    parameters: parametersOf(kind, text, random.between(1, 50)),
    next: nextOf(random.next()),
  };
}

/** Which share of the orders is of which kind. */
function kindOf(at: number): Order["kind"] {
  if (at < 0.74) return "quick";
  if (at < 0.77) return "slow";
  if (at < 0.89) return "shared";
  if (at < 0.94) return "poison";
  return at < 0.95 ? "impatient" : "wrong";
}

function parametersOf(kind: Order["kind"], text: string, size: number): Order["parameters"] {
  switch (kind) {
    case "quick":
      return { text, rows: size };
    case "slow":
      return { text, rows: 60_000_000 + size * 2_000_000 };
    case "wrong":
      return { text, rows: "many" };
    default:
      return { text };
  }
}

function nextOf(at: number): Order["next"] {
  if (at < 0.1) return "repeat";
  if (at < 0.25) return "watch";
  if (at < 0.28) return "cancel";
  return at < 0.31 ? "other-body" : "nothing";
}

/** The order's number, as its request id tells. */
export function indexOf(request: string): number {
  return Number(request.split("-")[2]);
}
