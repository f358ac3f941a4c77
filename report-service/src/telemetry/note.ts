import type { CallNote } from "../api/call-note.ts";
import type { FaultNote } from "../api/fault-switch.ts";
import type { ArtifactNote } from "../api/made-elsewhere.ts";
import type { BrokerNote } from "../broker/broker-note.ts";
import type { CleanerNote } from "../cleaner/cleaner-note.ts";
import type { ObjectNote } from "../disk/object-server.ts";
import type { NotifierNote } from "../notifier/notifier-note.ts";
import type { CacheNote } from "../ports/cache.ts";
import type { ClockNote } from "../ports/clock.ts";
import type { PeerNote } from "../ports/peer-store.ts";
import type { PresenceNote } from "../presence/registrar.ts";
import type { RedisNote } from "../redis/redis-link.ts";
import type { WorkerNote } from "../worker/worker-note.ts";
import type { WriterNote } from "../writer/writer-note.ts";

/** Everything the report service can say. */
export type Note =
  | ArtifactNote
  | BrokerNote
  | CacheNote
  | CallNote
  | CleanerNote
  | ClockNote
  | FaultNote
  | NotifierNote
  | ObjectNote
  | PeerNote
  | PresenceNote
  | RedisNote
  | WorkerNote
  | WriterNote
  | { readonly kind: "serving"; readonly address: string; readonly objects?: string; readonly metrics?: string }
  | { readonly kind: "draining"; readonly limitMs: number }
  | { readonly kind: "stopped" };
