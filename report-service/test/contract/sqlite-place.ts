import { join } from "node:path";
import { openStore } from "../../src/sqlite/open-store.ts";
import { temporaryDirectory } from "../server-process.ts";
import type { Connected, Place } from "./place.ts";

/** A SQLite file in a directory of its own. */
export async function openSqlitePlace(): Promise<Place> {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "reports.db");
  return {
    connect: () => connect(path),
    elsewhere: { module: new URL(import.meta.url), argument: path },
    [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
  };
}

export async function connect(path: string): Promise<Connected> {
  const store = openStore(path);
  return { ...store, [Symbol.asyncDispose]: async () => store[Symbol.dispose]() };
}
