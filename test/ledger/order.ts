import { createRandom } from "../faults/suite/random.ts";

/** What one request is to be, and what its client does beyond sending it. */
export type Order = {
  readonly request: string;
  readonly tenant: string;
  readonly kind: "quick" | "slow" | "shared" | "poison" | "impatient" | "wrong" | "javascript" | "python" | "fed";
  readonly parameters: Readonly<Record<string, string | number>>;
  /** `retry`: once it has failed. `cancel-and-retry`: only where it was cancelled before it ended. */
  readonly next: "nothing" | "repeat" | "watch" | "cancel" | "other-body" | "retry" | "cancel-and-retry";
  /** Sent together with the others of its block, which are of the same tenant; `twice`: and then once more. */
  readonly batch: "alone" | "once" | "twice";
};

/** Orders whose numbers, divided by this, have the same whole part are a block. */
export const blockSize = 8;

export const tenants = ["red", "green", "blue"] as const;

/** The order with this number: the same for the same seed, also for a client that was killed and starts again. */
export function orderOf(seed: number, index: number): Order {
  const random = createRandom((seed * 1_000_003 + index) >>> 0);
  const first = kindOf(random.next());
  const request = `ledger-${seed}-${index}`;
  const ownTenant = random.oneOf(tenants);
  const text = first === "shared" ? `shared ${random.between(0, 7)}` : request;
  const size = random.between(1, 50);
  const next = nextOf(random.next());
  const kind = first === "quick" ? ofQuick(random.next()) : first;
  const { batch, tenant } = blockOf(seed, Math.floor(index / blockSize));
  return {
    ...{ request, kind, batch, parameters: parametersOf(kind, text, size) },
    tenant: batch === "alone" ? ownTenant : tenant,
    next: withRetry(kind, next, random.next()),
  };
}

/** What all orders of a block have in common. */
function blockOf(seed: number, block: number): Pick<Order, "batch" | "tenant"> {
  const random = createRandom((seed * 999_983 + block) >>> 0);
  const at = random.next();
  return { batch: at < 0.06 ? "twice" : at < 0.15 ? "once" : "alone", tenant: random.oneOf(tenants) };
}

/** Programs take longer to start than queries do. */
function ofQuick(at: number): Order["kind"] {
  if (at < 0.04) return "javascript";
  if (at < 0.06) return "python";
  return at < 0.1 ? "fed" : "quick";
}

function withRetry(kind: Order["kind"], next: Order["next"], at: number): Order["next"] {
  if (kind === "poison" && next === "nothing" && at < 0.5) return "retry";
  return next === "cancel" && at < 0.5 ? "cancel-and-retry" : next;
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
