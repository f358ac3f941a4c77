import { after } from "node:test";
import { type PostgresServer, startPostgres } from "../../../test/kit/postgres.ts";
import { parsePostgresUrl } from "../../src/config/postgres-url.ts";
import type { ResultsLimits } from "../../src/ports/results-queue.ts";
import { type Addresses, connect as connectTo, type SessionSettings } from "../../src/postgres/connect.ts";
import { createDatabase, type Database } from "../../src/postgres/database.ts";
import { openPostgresStore } from "../../src/postgres/open-store.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { defaultSettings, type PostgresSettings } from "../../src/postgres/settings.ts";
import type { OpenOutboxPlace } from "./outbox.ts";
import type { OpenPlace } from "./place.ts";
import type { OpenResultsPlace } from "./results-queue.ts";

export type PostgresPlaces = {
  /** The server in which they all are. */
  server(): Promise<PostgresServer>;
  /** The URL of an empty database. */
  emptyDatabase(): Promise<string>;
  readonly open: OpenPlace;
  readonly openOutbox: OpenOutboxPlace;
  readonly openResults: OpenResultsPlace;
};

/** Places in one Postgres, which starts with the first one and ends with the file that calls this. */
export function postgresPlaces(): PostgresPlaces {
  let starting: Promise<PostgresServer> | undefined;
  let databases = 0;
  after(async () => (await starting)?.[Symbol.asyncDispose]());

  const server = () => {
    starting ??= startPostgres();
    return starting;
  };
  const emptyDatabase = async () => {
    const { sql, url } = await server();
    const name = `place${databases++}`;
    // Copying what is migrated already is a tenth of the work.
    if (databases === 1) {
      sql("create database migrated");
      await (await connect(url("migrated")))[Symbol.asyncDispose]();
    }
    sql(`create database ${name} template migrated`);
    return url(name);
  };
  const open: OpenPlace = async () => {
    const url = await emptyDatabase();
    return {
      connect: () => connect(url),
      elsewhere: { module: new URL(import.meta.url), argument: url },
      [Symbol.asyncDispose]: async () => undefined,
    };
  };
  return {
    server,
    emptyDatabase,
    open,
    async openOutbox() {
      const url = await emptyDatabase();
      return { connect: () => connect(url), [Symbol.asyncDispose]: async () => undefined };
    },
    async openResults(limits) {
      const url = await emptyDatabase();
      const opened = new AsyncDisposableStack();
      return {
        connect: async () => opened.use(await connect(url, {}, limits)).results,
        durable: true,
        [Symbol.asyncDispose]: () => opened.disposeAsync(),
      };
    },
  };
}

/** A connection by itself. */
export function connectAlone(url: string, settings: Partial<SessionSettings> = {}) {
  return connectTo(addressesOf(url), "primary", { ...defaultSettings, ...settings });
}

/** What a store asks, and no store; `onOpen` is told of each connection. */
export function databaseAt(
  url: string,
  { patienceMs = 2_000, max = defaultSettings.pool.max, onOpen = () => {} } = {},
): Database {
  const open = () => {
    onOpen();
    return connectAlone(url);
  };
  return createDatabase(createPool(open, { ...defaultSettings.pool, max, patienceMs }));
}

/** A store as a server opens it, with fewer connections: each test has several. */
export function connect(url: string, settings: Partial<PostgresSettings> = {}, results?: ResultsLimits) {
  const pool = { max: 8, maxIdle: 8, lifetimeMs: 60_000 };
  return openPostgresStore(
    { ...defaultSettings, pool, addresses: addressesOf(url), ...settings },
    { ...(results && { results }) },
  );
}

function addressesOf(url: string): Addresses {
  const addresses = parsePostgresUrl(url);
  if (!addresses) throw new Error(`not a URL of Postgres: ${url}`);
  return addresses;
}
