import { fileURLToPath } from "node:url";
import { startProcess } from "../../test/kit/process.ts";

/** A process of its own that has the write lock of a SQLite file until it is told to release it. */
export type SqliteLock = { release(): Promise<void> } & AsyncDisposable;

const main = fileURLToPath(new URL("./sqlite-lock-main.ts", import.meta.url));

export async function lockSqlite(path: string): Promise<SqliteLock> {
  const holder = startProcess({ name: "sqlite-lock", command: process.execPath, args: [main, path] });
  await holder.line(/^locked$/);
  return {
    async release() {
      holder.write("release");
      await holder.line(/^released$/);
    },
    [Symbol.asyncDispose]: holder[Symbol.asyncDispose],
  };
}
