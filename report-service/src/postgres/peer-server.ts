import { connect } from "./connect.ts";
import { createDatabase, type Database } from "./database.ts";
import type { Look } from "./peer-state.ts";
import { createPool } from "./pool.ts";

/** One server of a peer's database, read only. */
export type PeerServer = {
  readonly database: Database;
  /** As it was last seen. */
  look(): Look;
  /** Asks it again. */
  lookAgain(): Promise<void>;
  /** Something has failed there: nobody else needs to find out before the next look. */
  suspect(cause: unknown): void;
} & AsyncDisposable;

const pool = { max: 10, maxIdle: 4, lifetimeMs: 5 * 60_000, patienceMs: 1_000 };
const times = { connectMs: 1_500, statementMs: 2_000 };

// Only a primary knows its timeline at once (a checkpoint names it later), and only a standby has a receiver. What the
// receiver has is hidden from users who are not in pg_read_all_stats: then the age of the last commit stands for the lag,
// which grows while nothing is written.
const look = {
  name: "look-at-peer",
  text: `select pg_is_in_recovery() as standby,
           case when pg_is_in_recovery() then (select timeline_id from pg_control_checkpoint())
             else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline,
           case when pg_is_in_recovery() then (
             select case when r.status = 'streaming' and r.latest_end_lsn <= pg_last_wal_replay_lsn() then 0
               else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 end
             from (select 1) one left join pg_stat_wal_receiver r on true) end as lag_ms`,
};

export function createPeerServer(address: string): PeerServer {
  const database = createDatabase(createPool(() => connect([address], "any", times), pool));
  let seen: Look = { kind: "away", why: "not asked yet" };

  const suspect = (cause: unknown) => {
    seen = { kind: "away", why: (cause as Error).message };
  };
  return {
    database,
    look: () => seen,
    async lookAgain() {
      try {
        const [row] = await database.query(look, []);
        const timeline = Number(row?.["timeline"]);
        const lag = row?.["lag_ms"];
        const lagMs = lag === null || lag === undefined ? undefined : Math.max(0, Math.round(Number(lag)));
        seen = row?.["standby"] ? { kind: "standby", timeline, lagMs } : { kind: "primary", timeline };
      } catch (cause) {
        suspect(cause);
      }
    },
    suspect,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
