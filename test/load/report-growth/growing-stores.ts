import { stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../kit/folder.ts";
import { startPostgres } from "../../kit/postgres.ts";
import type { StoreAt } from "./step-main.ts";

/** A store that begins empty. */
export type GrowingStore = {
  readonly at: StoreAt;
  /** What its disk holds. */
  bytes(): Promise<number>;
  /** Does what is left to be done of a filling, such as vacuuming: it is not to be counted with what follows. */
  settle(): Promise<void>;
} & AsyncDisposable;

export type GrowingStores = { readonly name: string; open(): Promise<GrowingStore> } & AsyncDisposable;

export const sqliteStores: GrowingStores = {
  name: "SQLite",
  async open() {
    await using opening = new AsyncDisposableStack();
    const folder = opening.use(await makeFolder("growth"));
    const path = join(folder.path, "reports.db");
    const opened = opening.move();
    return {
      at: { kind: "sqlite", path },
      bytes: async () => (await stat(path)).size,
      settle: async () => undefined,
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  },
  [Symbol.asyncDispose]: async () => undefined,
};

/** Databases in one server, whose commits are on disk; memory as docs/report-service/postgres.md would have it. */
export async function startPostgresStores(): Promise<GrowingStores> {
  const settings = ["fsync=on", "shared_buffers=512MB", "max_wal_size=4GB"];
  await using starting = new AsyncDisposableStack();
  const postgres = starting.use(await startPostgres({ settings }));
  const started = starting.move();
  let databases = 0;
  return {
    name: "Postgres",
    async open() {
      databases += 1;
      const name = `growing${databases}`;
      postgres.sql(`create database ${name}`);
      const size = () => Number(postgres.sql(`select pg_database_size('${name}')`));
      const empty = size();
      return {
        at: { kind: "postgres", url: postgres.url(name), pid: postgres.pid() },
        bytes: async () => size() - empty,
        async settle() {
          postgres.sql("vacuum (analyze)", name);
          postgres.sql("checkpoint", name);
        },
        [Symbol.asyncDispose]: async () => void postgres.sql(`drop database ${name} with (force)`),
      };
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
