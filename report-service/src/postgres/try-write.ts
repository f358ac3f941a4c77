import { randomUUID } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { TryWrite } from "../ports/try-write.ts";
import type { Database } from "./database.ts";

const write = {
  name: "try_write",
  text: `insert into requests (tenant, id, body_hash, report, created_ms) values ('', $1, '', '', $2)
         on conflict (tenant, id) do update set created_ms = excluded.created_ms`,
};

/** As a request id of no tenant, which the cleaner removes as any other. */
export function createPostgresTryWrite(database: Database, clock: Pick<Clock, "now">): TryWrite {
  const id = `trial-${randomUUID()}`;
  return async () => {
    await database.query(write, [id, clock.now()]);
  };
}
