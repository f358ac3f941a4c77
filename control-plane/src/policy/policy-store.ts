import type { Latest } from "../lib/latest.ts";
import type { Problem } from "../lib/parsed.ts";
import type { Book } from "../model/world.ts";
import type { ActEntry } from "./acts.ts";

export type DocumentKind = "Service" | "TrafficSplit" | "TrafficPolicy" | "Route" | "Patch" | "Drain";

/** A document in force, as its author wrote it. */
export type StoredDocument = {
  readonly kind: DocumentKind;
  readonly name: string;
  /** `r42-9f3c01ab`: the revision that set it and the beginning of its content's hash; for If-Match. */
  readonly etag: string;
  readonly revision: number;
  /** The whole document: apiVersion, kind, metadata, spec. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Who wrote what is in force: the watched directory (with the file), or the API. */
  readonly origin: { readonly kind: "file"; readonly path: string } | { readonly kind: "api" };
  readonly changed: { readonly at: Date; readonly by: string; readonly reason: string };
};

export type Operation =
  | {
      readonly kind: "put";
      /** From JSON or YAML, not yet looked at. */
      readonly document: unknown;
      /** An etag that must still hold; `absent`: it must not exist yet. */
      readonly expects?: { readonly etag: string } | "absent";
    }
  | {
      readonly kind: "delete";
      readonly documentKind: DocumentKind;
      readonly name: string;
      readonly expects?: { readonly etag: string };
    };

export type Vouched = "token" | "certificate" | "oidc";

/** All or nothing, one revision. */
export type ChangeRequest = {
  readonly operations: readonly Operation[];
  readonly by: string;
  /** What shows that it is they; absent: nothing. */
  readonly vouchedBy?: Vouched;
  /** Whom an OpenID provider calls so: its URL and its name for them. */
  readonly subject?: string;
  readonly reason: string;
  readonly through: "api" | "file";
  /** Answer as if, store nothing. */
  readonly validateOnly: boolean;
  /** Why `by` may not make these edits. Asked as the change is decided, so that nothing can come between. */
  readonly permits?: (edits: readonly EditedDocument[]) => Forbidden | undefined;
  /** Only while this is the newest revision: what was decided on another would undo what came between. */
  readonly base?: number | undefined;
};

/** What a change would make of a document: undefined before is none yet, undefined after is none any more. */
export type EditedDocument = {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly before: StoredDocument["document"] | undefined;
  readonly after: StoredDocument["document"] | undefined;
};

export type Forbidden = { readonly says: string; readonly metadata: Readonly<Record<string, string>> };

export type ChangeOutcome =
  /** `revision` did not move when nothing differs from what is stored. `book`: what is in force then, or would be. */
  | {
      readonly kind: "done";
      readonly revision: number;
      readonly documents: readonly StoredDocument[];
      readonly book: Book;
    }
  | {
      readonly kind: "outdated";
      readonly documentKind: DocumentKind;
      readonly name: string;
      readonly current: StoredDocument | undefined;
    }
  | ({ readonly kind: "forbidden" } & Forbidden)
  /** It was to be made while `base` is the newest revision. */
  | { readonly kind: "moved"; readonly base: number; readonly revision: number }
  | { readonly kind: "missing"; readonly documentKind: DocumentKind; readonly name: string }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] }
  /** Another replica changed what this was decided on before it could be written; nothing was. */
  | {
      readonly kind: "overtaken";
      readonly documentKind: DocumentKind;
      readonly name: string;
      readonly base: number;
      readonly by: string;
      readonly revision: number;
    };

/** How the store fares. */
export type StoreStatus = {
  /** `file`: embedded, for one process. `consul`: shared by all replicas. */
  readonly kind: "file" | "consul";
  /** The directory, or the address and the prefix. */
  readonly where: string;
  /**
   * - `current`: changes are taken.
   * - `away`: it does not answer; what is in force is what was last known, and changes are refused.
   * - `damaged`: it answers with what cannot be right; the same.
   */
  readonly state: "current" | "away" | "damaged";
  readonly since: Date;
  readonly cause?: string;
  /** Are the documents in force known? Not before a replica without a copy of its own has read them once. */
  readonly isKnown: boolean;
};

/** One line of the journal: who, what, why, when. */
export type JournalEntry = {
  readonly revision: number;
  readonly at: Date;
  readonly by: string;
  /** What showed that it was they; absent: nothing, it is what they said. */
  readonly vouchedBy?: Vouched;
  /** Whom an OpenID provider calls so: `https://sso.example 248289761001`. */
  readonly subject?: string;
  readonly through: "api" | "file";
  readonly reason: string;
  readonly changes: readonly {
    readonly documentKind: DocumentKind;
    readonly name: string;
    readonly action: "create" | "update" | "delete";
    /** What it was; absent where nothing was, and where so much changed at once that it is not kept. */
    readonly before?: PastDocument;
  }[];
  /** The hash of the entry before it; empty for the first one. Absent in entries from before there were hashes. */
  readonly previous?: string;
  /** SHA-256 of all of the above, in hexadecimal. */
  readonly hash?: string;
};

/** A document as it was, and the revision that had set it. */
export type PastDocument = Pick<StoredDocument, "revision" | "document">;

/**
 * The operator's side of the world: the documents in force, kept over restarts. What is asked of it before anything is known
 * throws `StoreUnavailable`, as does a change that cannot be kept.
 */
export type PolicyStore = AsyncDisposable & {
  readonly books: Latest<Book>;
  list(kind: DocumentKind): readonly StoredDocument[];
  get(kind: DocumentKind, name: string): StoredDocument | undefined;
  change(request: ChangeRequest): Promise<ChangeOutcome>;
  /** Newest first. */
  journal(limit: number): readonly JournalEntry[];
  status(): StoreStatus;
};

export type PolicyNote =
  /** Somebody is about to do what no document holds; it is in the journal of acts. */
  | { readonly kind: "act-recorded"; readonly entry: ActEntry }
  | { readonly kind: "documents-changed"; readonly entry: JournalEntry }
  | {
      readonly kind: "documents-refused";
      readonly by: string;
      readonly through: "api" | "file";
      readonly problems: readonly Problem[];
    }
  /** The saved documents were damaged and an older copy was taken; says which, and what was lost. */
  | { readonly kind: "documents-recovered"; readonly says: string }
  /** Another replica made this change, and it is in force here too. */
  | { readonly kind: "documents-followed"; readonly revision: number; readonly by: string }
  /** Documents of the directory are older than what another replica's has put in force, and were passed over. */
  | { readonly kind: "directory-behind"; readonly documents: readonly string[] }
  /** The shared store does not answer: what is in force stays, changes are refused. */
  | { readonly kind: "store-away"; readonly where: string; readonly cause: Error }
  /** The shared store holds what cannot be right: what is in force stays, changes are refused. */
  | { readonly kind: "store-damaged"; readonly where: string; readonly cause: Error }
  | { readonly kind: "store-back"; readonly where: string; readonly revision: number; readonly blindMs: number }
  /** This machine's clock is not the store's, which counts from now on. */
  | { readonly kind: "clock-differs"; readonly aheadMs: number }
  /** The shared store had lost what it held, and was given what is in force here. */
  | { readonly kind: "store-put-back"; readonly where: string; readonly revision: number }
  /** What is in force could not be written to this replica's own disk, and would not be known after a restart without the store. */
  | { readonly kind: "store-copy-unsaved"; readonly file: string; readonly cause: Error };
