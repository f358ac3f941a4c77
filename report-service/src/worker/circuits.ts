import {
  type Circuit,
  type CircuitEvent,
  type CircuitRule,
  closedCircuit,
  type OpenCircuit,
  type Shut,
  shutForMs,
  stepCircuit,
} from "../model/circuit.ts";
import type { Language } from "../model/kind.ts";
import type { KindName, TenantId } from "../model/names.ts";
import type { Report } from "../model/report.ts";
import type { JobVerdict } from "./run-job.ts";
import type { WorkerNote } from "./worker-note.ts";

const rule: CircuitRule = { failures: 5, openMs: 5_000, longestOpenMs: 120_000, probeMs: 60_000 };

/** The circuits of one worker cluster, as one server sees them: its own, and one for each kind. */
export type Circuits = {
  /** For how long the cluster is to take no job; 0: it may take one. */
  clusterShutForMs(nowMs: number): number;
  /** The kinds of which nothing is to be claimed. */
  paused(nowMs: number): readonly KindName[];
  /** Whether reports of a kind would only wait now; undefined: no. */
  shut(kind: KindName, nowMs: number): Shut | undefined;
  /** How many are not closed. */
  open(): number;
  /** Those, with why. */
  list(nowMs: number): readonly OpenCircuit[];
  started(report: Report, nowMs: number): void;
  ended(report: Report, verdict: JobVerdict, nowMs: number): void;
};

export function createCircuits(cluster: Language, observe: (note: WorkerNote) => void): Circuits {
  const ofKinds = new Map<KindName, Circuit>();
  let ofCluster: Circuit = closedCircuit;

  function stepCluster(event: CircuitEvent, nowMs: number): void {
    ofCluster = tell(undefined, ofCluster, stepCircuit(ofCluster, event, nowMs, rule), nowMs);
  }

  function stepKind(kind: KindName, event: CircuitEvent, nowMs: number): void {
    const before = ofKinds.get(kind) ?? closedCircuit;
    const after = tell(kind, before, stepCircuit(before, event, nowMs, rule), nowMs);
    if (after === closedCircuit) ofKinds.delete(kind);
    else ofKinds.set(kind, after);
  }

  function tell(reportKind: KindName | undefined, before: Circuit, after: Circuit, nowMs: number): Circuit {
    const of = { cluster, ...(reportKind !== undefined && { reportKind }) };
    if (after.kind === "open" && before !== after) {
      observe({ kind: "circuit-opened", ...of, why: after.why, forMs: Math.round(shutForMs(after, nowMs)) });
    }
    if (after.kind === "closed" && before.kind !== "closed") observe({ kind: "circuit-closed", ...of });
    return after;
  }

  return {
    clusterShutForMs: (nowMs) => shutForMs(ofCluster, nowMs),
    paused: (nowMs) => [...ofKinds].filter(([, circuit]) => shutForMs(circuit, nowMs) > 0).map(([kind]) => kind),
    shut(kind, nowMs) {
      for (const circuit of [ofCluster, ofKinds.get(kind) ?? closedCircuit]) {
        const retryAfterMs = shutForMs(circuit, nowMs);
        if (circuit.kind === "closed" || retryAfterMs === 0) continue;
        // A probe may end at any time.
        return {
          why: circuit.why,
          retryAfterMs: Math.min(retryAfterMs, circuit.kind === "probing" ? rule.openMs : retryAfterMs),
        };
      }
      return undefined;
    },
    open: () => [ofCluster, ...ofKinds.values()].filter((circuit) => circuit.kind !== "closed").length,
    list: (nowMs) => [
      ...openOnes(ofCluster, nowMs),
      ...[...ofKinds].flatMap(([kind, circuit]) => openOnes(circuit, nowMs).map((open) => ({ kind, ...open }))),
    ],
    started({ kind }, nowMs) {
      stepCluster({ kind: "started" }, nowMs);
      stepKind(kind, { kind: "started" }, nowMs);
    },
    ended({ kind, tenant }, verdict, nowMs) {
      const { ofCluster: clusterEvent, ofKind } = eventsOf(verdict, kind, tenant);
      stepCluster(clusterEvent, nowMs);
      stepKind(kind, ofKind, nowMs);
    },
  };
}

function openOnes(circuit: Circuit, nowMs: number): readonly Shut[] {
  if (circuit.kind === "closed") return [];
  return [{ why: circuit.why, retryAfterMs: circuit.kind === "probing" ? 0 : shutForMs(circuit, nowMs) }];
}

function eventsOf(
  verdict: JobVerdict,
  kind: KindName,
  tenant: TenantId,
): Readonly<Record<"ofCluster" | "ofKind", CircuitEvent>> {
  switch (verdict.kind) {
    case "well":
      return { ofCluster: { kind: "succeeded" }, ofKind: { kind: "succeeded" } };
    case "kind-broke":
      // The worker has done its part.
      return { ofCluster: { kind: "succeeded" }, ofKind: { kind: "failed", source: tenant, why: verdict.why } };
    case "worker-broke": {
      // A kind that kills its workers is one source; that other kinds lose theirs as well tells of the cluster.
      const ofCluster: CircuitEvent = { kind: "failed", source: kind, why: verdict.why };
      return { ofCluster, ofKind: verdict.byKind ? { ...ofCluster, source: tenant } : { kind: "dropped" } };
    }
    case "tells-nothing":
      return { ofCluster: { kind: "dropped" }, ofKind: { kind: "dropped" } };
  }
}
