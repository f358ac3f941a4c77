import type { Latest } from "../lib/latest.ts";
import type { Problem } from "../lib/parsed.ts";
import type { Book } from "../model/world.ts";

export type DocumentKind = "Service" | "TrafficSplit" | "TrafficPolicy";

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

/** All or nothing, one revision. */
export type ChangeRequest = {
  readonly operations: readonly Operation[];
  readonly by: string;
  readonly reason: string;
  readonly through: "api" | "file";
  /** Answer as if, store nothing. */
  readonly validateOnly: boolean;
};

export type ChangeOutcome =
  /** `revision` did not move when nothing differs from what is stored. */
  | { readonly kind: "done"; readonly revision: number; readonly documents: readonly StoredDocument[] }
  | {
      readonly kind: "outdated";
      readonly documentKind: DocumentKind;
      readonly name: string;
      readonly current: StoredDocument | undefined;
    }
  | { readonly kind: "missing"; readonly documentKind: DocumentKind; readonly name: string }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] };

/** One line of the journal: who, what, why, when. */
export type JournalEntry = {
  readonly revision: number;
  readonly at: Date;
  readonly by: string;
  readonly through: "api" | "file";
  readonly reason: string;
  readonly changes: readonly {
    readonly documentKind: DocumentKind;
    readonly name: string;
    readonly action: "create" | "update" | "delete";
  }[];
};

/** The operator's side of the world: the documents in force, kept over restarts. */
export type PolicyStore = AsyncDisposable & {
  readonly books: Latest<Book>;
  list(kind: DocumentKind): readonly StoredDocument[];
  get(kind: DocumentKind, name: string): StoredDocument | undefined;
  change(request: ChangeRequest): Promise<ChangeOutcome>;
  /** Newest first. */
  journal(limit: number): readonly JournalEntry[];
};

export type PolicyNote =
  | { readonly kind: "documents-changed"; readonly entry: JournalEntry }
  | {
      readonly kind: "documents-refused";
      readonly by: string;
      readonly through: "api" | "file";
      readonly problems: readonly Problem[];
    }
  /** The saved documents were damaged and an older copy was taken; says which, and what was lost. */
  | { readonly kind: "documents-recovered"; readonly says: string };
