import type { OperatorNote } from "../operator/parts.ts";
import type { PaceNote } from "../pacing/pace-notes.ts";
import type { PolicyNote } from "../policy/policy-store.ts";
import type { RunningNote } from "../running/start-running.ts";
import type { AdsNote } from "../serve/ads-server.ts";
import type { StatusNote } from "../serve/csds/csds-service.ts";
import type { LoadNote } from "../serve/loads/lrs-service.ts";
import type { ShiftNote } from "../shift/run-shifts.ts";
import type { SnapshotNote } from "../snapshot/snapshots.ts";
import type { SourceNote } from "../sources/feed.ts";
import type { GuardNote } from "../sources/guard/guard-note.ts";
import type { ServiceNote } from "../sources/service-notes.ts";
import type { LogLevel } from "./log.ts";
import type { TimingNote } from "./timing-rows.ts";

/** What becomes of a change of documents once it was accepted; from `follow-convergence.ts`. */
export type ChangeNote =
  /** Every client has answered all that it was sent. `tookMs` counts from when the change was accepted. */
  | { readonly kind: "converged"; readonly revision: number; readonly tookMs: number; readonly clients: number }
  | {
      readonly kind: "not-converged";
      readonly revision: number;
      readonly tookMs: number;
      readonly acked: number;
      readonly clients: number;
    };

/** The life of the process. */
export type ProcessNote =
  | { readonly kind: "listening"; readonly server: "xds" | "admin" | "admin-grpc"; readonly address: string }
  /** Nothing is served yet, because these have not answered. */
  | { readonly kind: "waiting"; readonly for: readonly string[] }
  | { readonly kind: "serving"; readonly revision: number; readonly services: number; readonly afterMs: number }
  /** Traces could not be exported; nothing else depends on them. */
  | { readonly kind: "traces-lost"; readonly says: string }
  | { readonly kind: "log-level-set"; readonly level: LogLevel; readonly by: string }
  | { readonly kind: "stopping"; readonly cause: string }
  | { readonly kind: "failed"; readonly cause: Error };

/** Everything that the control plane can say: the full list of what operators can learn from its logs and counters. */
export type Note =
  | SourceNote
  | ServiceNote
  | GuardNote
  | PaceNote
  | PolicyNote
  | ShiftNote
  | SnapshotNote
  | AdsNote
  | LoadNote
  | StatusNote
  | RunningNote
  | OperatorNote
  | ChangeNote
  | TimingNote
  | ProcessNote;

export type Observe = (note: Note) => void;
