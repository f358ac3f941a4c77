import type { LogFields, LogLevel } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What becomes of one kind of note. */
export type Row<N> = {
  readonly level: LogLevel | ((note: N) => LogLevel);
  readonly says: (note: N) => string;
  readonly fields: (note: N) => LogFields;
  readonly counts?: (note: N, metrics: Metrics) => void;
  /** Notes that come again and again while nothing changed: equal texts are one line in five minutes. */
  readonly again?: (note: N) => string;
};

/** A row for each kind of these notes: a new kind does not compile until it has one. */
export type Rows<N extends { readonly kind: string }> = {
  readonly [Kind in N["kind"]]: Row<Extract<N, { readonly kind: Kind }>>;
};
