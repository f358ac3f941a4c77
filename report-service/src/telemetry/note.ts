import type { CallNote } from "../api/call-note.ts";
import type { FaultNote } from "../api/fault-switch.ts";
import type { CleanerNote } from "../cleaner/cleaner.ts";
import type { PresenceNote } from "../presence/registrar.ts";
import type { WorkerNote } from "../worker/worker-note.ts";

/** Everything the report service can say. */
export type Note =
  | CallNote
  | CleanerNote
  | FaultNote
  | PresenceNote
  | WorkerNote
  | { readonly kind: "serving"; readonly address: string; readonly metrics?: string }
  | { readonly kind: "draining"; readonly limitMs: number }
  | { readonly kind: "stopped" };
