import type { DuckDBConnection } from "@duckdb/node-api";
import type { InputMediaType } from "../../model/kind.ts";
import type { JobInput } from "../runtime.ts";
import { sqlText } from "./sample-sales.ts";

// Never unpacked: a megabyte of gzip can hold a gigabyte. What CSV's reader calls `none`, JSON's takes as `uncompressed` only.
const readers: Readonly<Record<InputMediaType, (path: string) => string>> = {
  "text/csv": (path) => `read_csv('${path}', header = true, compression = 'none')`,
  "application/json": (path) => `read_json('${path}', format = 'array', compression = 'uncompressed')`,
  "application/x-ndjson": (path) => `read_json('${path}', format = 'newline_delimited', compression = 'uncompressed')`,
  "application/vnd.apache.parquet": (path) => `read_parquet('${path}')`,
};

/** Makes a job's uploads readable as tables until disposed; throws where one is not what its media type says. */
export async function makeInputViews(
  connection: DuckDBConnection,
  inputs: readonly JobInput[],
): Promise<AsyncDisposable> {
  const made: string[] = [];
  const remove = async () => {
    for (const name of made) await connection.run(`drop view if exists memory.main."${name}"`);
  };
  try {
    for (const { name, mediaType, path } of inputs) {
      made.push(name);
      await connection.run(`create or replace view memory.main."${name}" as from ${readers[mediaType](sqlText(path))}`);
    }
  } catch (cause) {
    await remove();
    const [says] = (cause as Error).message.split("\n");
    throw new InputError(`the upload ${made.at(-1)} is no ${inputs[made.length - 1]?.mediaType}: ${says}`, { cause });
  }
  return { [Symbol.asyncDispose]: remove };
}

/** Something is wrong with what the client has sent. */
export class InputError extends Error {
  override readonly name = "InputError";
}
