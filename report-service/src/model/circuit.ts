import type { KindName } from "./names.ts";

/**
 * Whether work of one sort is let through. `open` after failures in a row, until `untilMs`; then a single job tries it
 * (`probing`), whose end closes the circuit or opens it for longer.
 */
export type Circuit =
  | { readonly kind: "closed"; readonly failures: number; readonly sources: readonly string[] }
  | { readonly kind: "open"; readonly untilMs: number; readonly times: number; readonly why: string }
  | { readonly kind: "probing"; readonly untilMs: number; readonly times: number; readonly why: string };

export type CircuitRule = {
  /** Failures in a row that open it, from two sources at least; those of one source alone need twice as many. */
  readonly failures: number;
  /** How long it is open the first time; each failed probe doubles that, up to `longestOpenMs`. */
  readonly openMs: number;
  readonly longestOpenMs: number;
  /** A probe of which nothing is heard for so long is given up for another one. */
  readonly probeMs: number;
};

/** Why nothing of a kind is made now. */
export type Shut = { readonly why: string; readonly retryAfterMs: number };

/** A circuit that is not closed: of a kind, or of the whole cluster; `retryAfterMs` 0: a job tries it now. */
export type OpenCircuit = Shut & { readonly kind?: KindName };

export const closedCircuit: Circuit = { kind: "closed", failures: 0, sources: [] };

/** `source`: whose work it was. One who asks for the impossible again and again is not to shut others out. */
export type CircuitEvent =
  | { readonly kind: "started" }
  | { readonly kind: "succeeded" }
  /** It ended in a way that tells nothing. */
  | { readonly kind: "dropped" }
  | { readonly kind: "failed"; readonly source: string; readonly why: string };

/** The circuit after something has happened to work that it had let through. */
export function stepCircuit(circuit: Circuit, event: CircuitEvent, nowMs: number, rule: CircuitRule): Circuit {
  switch (event.kind) {
    case "started":
      if (circuit.kind === "closed" || nowMs < circuit.untilMs) return circuit;
      return { ...circuit, kind: "probing", untilMs: nowMs + rule.probeMs };
    case "succeeded":
      return closedCircuit;
    case "dropped":
      return circuit.kind === "probing" ? { ...circuit, untilMs: nowMs } : circuit;
    case "failed":
      return afterFailure(circuit, event, nowMs, rule);
  }
}

/** How long nothing is let through from now on; 0: something is. */
export function shutForMs(circuit: Circuit, nowMs: number): number {
  return circuit.kind === "closed" ? 0 : Math.max(0, circuit.untilMs - nowMs);
}

function afterFailure(
  circuit: Circuit,
  { source, why }: Extract<CircuitEvent, { kind: "failed" }>,
  nowMs: number,
  rule: CircuitRule,
): Circuit {
  // What was let through before it opened tells nothing new.
  if (circuit.kind === "open" && nowMs < circuit.untilMs) return circuit;
  if (circuit.kind !== "closed") return opened(circuit.times + 1, why, nowMs, rule);
  const failures = circuit.failures + 1;
  const sources = circuit.sources.includes(source) ? circuit.sources : [...circuit.sources, source].slice(-2);
  if (failures >= rule.failures * (sources.length > 1 ? 1 : 2)) return opened(1, why, nowMs, rule);
  return { kind: "closed", failures, sources };
}

function opened(times: number, why: string, nowMs: number, { openMs, longestOpenMs }: CircuitRule): Circuit {
  return { kind: "open", untilMs: nowMs + Math.min(longestOpenMs, openMs * 2 ** (times - 1)), times, why };
}
