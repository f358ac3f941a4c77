import { clientRows } from "./client-rows.ts";
import { guardRows } from "./guard-rows.ts";
import { loadRows } from "./load-rows.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Note, Observe } from "./note.ts";
import { policyRows } from "./policy-rows.ts";
import { processRows } from "./process-rows.ts";
import { createRepeats } from "./repeats.ts";
import type { Row, Rows } from "./row.ts";
import { runningRows } from "./running-rows.ts";
import { sourceRows } from "./source-rows.ts";
import { timingRows } from "./timing-rows.ts";

const table: Rows<Note> = {
  ...sourceRows,
  ...guardRows,
  ...policyRows,
  ...clientRows,
  ...loadRows,
  ...runningRows,
  ...timingRows,
  ...processRows,
};

/** Turns each note into a line of the log, if that level is on, and into counts. */
export function createObserve({
  log,
  metrics,
  traceOf,
  now,
}: {
  readonly log: Log;
  readonly metrics: Metrics;
  /** The trace of a revision, while its change is being traced. */
  readonly traceOf: (revision: number) => string | undefined;
  readonly now: () => number;
}): Observe {
  const isRepeat = createRepeats(now);
  return (note) => {
    const row = rowOf(note);
    row.counts?.(note, metrics);
    const level = typeof row.level === "function" ? row.level(note) : row.level;
    if (!log.isOn(level) || (row.again && isRepeat(`${note.kind} ${row.again(note)}`))) return;
    const fields = row.fields(note);
    const trace_id = fields.revision === undefined ? undefined : traceOf(fields.revision);
    log.write(level, row.says(note), trace_id === undefined ? fields : { ...fields, trace_id });
  };
}

/** The row that stands at a note's kind takes that kind of note; TypeScript cannot say so of a union. */
function rowOf(note: Note): Row<Note> {
  return table[note.kind] as unknown as Row<Note>;
}
