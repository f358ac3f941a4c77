import pg from "pg";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

/** Which server of several is wanted. */
export type Role = "primary" | "standby" | "any";

/** Where Postgres is: one URL for each server of `postgres://user@one:5432,two:5432/reports`. */
export type Addresses = readonly string[];

export type SessionSettings = { readonly connectMs: number; readonly statementMs: number };

/** Opens a connection to whichever of the addresses has that role now. */
export async function connect(addresses: Addresses, role: Role, settings: SessionSettings): Promise<pg.Client> {
  const tries = addresses.map((address) => open(address, role, settings));
  try {
    const client = await Promise.any(tries);
    for (const other of tries) other.then((late) => (late === client ? undefined : late.end())).catch(() => undefined);
    return client;
  } catch (cause) {
    const causes = cause instanceof AggregateError ? cause.errors : [cause];
    const reasons = causes.map((one: Error) => one.message || String(one)).join("; ");
    const what = role === "any" ? "Postgres" : `Postgres ${role}`;
    throw new StoreUnavailable(`no ${what} can be reached: ${reasons}`, 1_000, cause);
  }
}

const intAsNumber = { int8: 20, oid: 26 };
const types: pg.CustomTypesConfig = {
  // Times in milliseconds and counts: all far below 2^53, and read as numbers everywhere.
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === intAsNumber.int8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

async function open(address: string, role: Role, { connectMs, statementMs }: SessionSettings): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: address,
    application_name: "weir-reports",
    connectionTimeoutMillis: connectMs,
    // A server that is frozen or cut off does not end its statements: the client must.
    query_timeout: statementMs + 1_000,
    keepAlive: true,
    types,
  });
  // An idle connection that breaks must not end the process; whoever uses it next learns of it.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      `select pg_is_in_recovery() as standby,
         set_config('statement_timeout', $1, false), set_config('plan_cache_mode', 'force_generic_plan', false),
         set_config('jit', 'off', false),
         -- Every statement finds its rows by an index. In a database that is still small, plans that read whole tables
         -- look cheaper, and prepared ones stay as they are while it grows.
         set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
         set_config('enable_mergejoin', 'off', false), set_config('enable_hashagg', 'off', false),
         set_config('enable_material', 'off', false), set_config('enable_bitmapscan', 'off', false), set_config('idle_in_transaction_session_timeout', '10s', false),
         -- What is answered is durable, whatever the server's default is.
         set_config('synchronous_commit',
           case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end,
           false)`,
      [String(statementMs)],
    );
    const found: Role = rows[0]?.standby ? "standby" : "primary";
    if (role !== "any" && found !== role) throw new Error(`${client.host}:${client.port} is a ${found}`);
    return client;
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
}
