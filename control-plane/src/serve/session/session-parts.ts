import type { SnapshotStep } from "../../snapshot/snapshot.ts";
import type { ComeAgain } from "../admission/admission-gate.ts";
import type { Caller } from "../caller.ts";
import type { ConnectedClients } from "../connected-clients.ts";
import type { Identify, Identity } from "../identity.ts";
import type { Turns } from "../turns.ts";
import type { ClientNote } from "./client-note.ts";

/** What a lease on a viewer's snapshots gives a stream. */
export type StepLease = Disposable & {
  readonly key: string;
  current(): SnapshotStep | undefined;
  /** Is what it is to be given being made? Never, unless told. */
  pending?(): boolean;
};

export type SessionParts<V> = {
  /** The snapshots of a viewer; `onStep` is called after each new one, never from within. */
  readonly lease: (viewer: V, onStep: () => void) => StepLease;
  readonly identify: Identify<V>;
  /** Says why this client may not have a stream; undefined: it may. */
  readonly refuse: (identity: Identity<V>, caller: Caller) => string | undefined;
  readonly clients: ConnectedClients;
  readonly turns: Turns;
  readonly observe: (note: ClientNote) => void;
  readonly now: () => Date;
  /** How long a response may wait for its answer before the stream is ended. */
  readonly ackTimeoutMs: number;
  /** How long a stream may be open without a request; for ever, if undefined. */
  readonly firstRequestTimeoutMs?: number;
  /** How many names a stream may ask for, of all types; any number, if undefined. */
  readonly maxNames?: number;
  /** How the stream of this node is to end at once, because it comes too often; undefined: it is served. */
  readonly admit?: (nodeId: string, peer: string) => ComeAgain | undefined;
  /** Ends the connection of a peer that does not even take the end of its stream. */
  readonly drop?: (peer: string) => void;
};
