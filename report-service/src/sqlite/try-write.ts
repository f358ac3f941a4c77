import { randomUUID } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { TryWrite } from "../ports/try-write.ts";
import type { Database } from "./database.ts";

/** As a request id of no tenant, which the cleaner removes as any other. */
export function createSqliteTryWrite(database: Database, clock: Pick<Clock, "now">): TryWrite {
  const id = `trial-${randomUUID()}`;
  const write = database.prepare(
    "insert or replace into requests (tenant, id, body_hash, report, created_ms) values ('', ?, '', '', ?)",
  );
  return () => database.transact(() => write.run(id, clock.now()));
}
