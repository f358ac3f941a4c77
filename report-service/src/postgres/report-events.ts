import type { ReportKey } from "../model/names.ts";
import type { ReportEvent } from "../ports/report-store.ts";
import type { Database, Row } from "./database.ts";
import { reportOf } from "./report-rows.ts";

export type Seen = {
  readonly events: readonly ReportEvent[];
  /** Where the report is now. */
  readonly sequence: number;
  readonly ended: boolean;
};

const eventsAfter = {
  name: "events-after",
  text: `select r.sequence as present, r.state, e.sequence, e.time_ms, e.body
         from reports r
         left join events e on e.tenant = r.tenant and e.report = r.id and e.sequence > $3
         where r.tenant = $1 and r.id = $2
         order by e.sequence`,
};
const present = {
  name: "present-event",
  text: `select r.sequence as present, r.state, r.sequence, coalesce(e.time_ms, r.created_ms) as time_ms, r.body
         from reports r
         left join events e on e.tenant = r.tenant and e.report = r.id and e.sequence = r.sequence
         where r.tenant = $1 and r.id = $2`,
};

/** What happened after `sequence`; where that is 0, the present state alone. Undefined where there is no such report. */
export async function readEvents(database: Database, key: ReportKey, sequence: number): Promise<Seen | undefined> {
  const rows =
    sequence === 0
      ? await database.query(present, [key.tenant, key.id])
      : await database.query(eventsAfter, [key.tenant, key.id, sequence]);
  const [first] = rows;
  if (!first) return undefined;
  const state = String(first["state"]);
  return {
    events: rows.filter((row) => row["sequence"] !== null).map(eventOf),
    sequence: Number(first["present"]),
    ended: state !== "queued" && state !== "running",
  };
}

function eventOf(row: Row): ReportEvent {
  return { sequence: Number(row["sequence"]), timeMs: Number(row["time_ms"]), report: reportOf(row) };
}
