import { randomUUID } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { TryWrite } from "../ports/try-write.ts";
import { bigint, type Session } from "./session.ts";

/** As a request id of no tenant; no hint leads the cleaner there, so it goes by itself. */
export function createCassandraTryWrite(session: Session, clock: Pick<Clock, "now">): TryWrite {
  const id = `trial-${randomUUID()}`;
  const query = "insert into requests (tenant, kind, id, created_ms) values ('none', 'trial', ?, ?) using ttl 600";
  return async () => {
    await session.rows(query, [id, bigint(clock.now())]);
  };
}
