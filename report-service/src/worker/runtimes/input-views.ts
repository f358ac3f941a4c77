import type { DuckDBConnection } from "@duckdb/node-api";
import type { InputMediaType } from "../../model/kind.ts";
import type { Failure } from "../../model/report.ts";
import type { JobInput } from "../runtime.ts";
import { nestsDeeper } from "./nests-deeper.ts";
import { sqlText } from "./sample-sales.ts";
import { whyNoCsv } from "./why-no-csv.ts";

// DuckDB goes into JSON by recursion, and its stack ends at some hundred thousand levels; types of a few thousand took 14 GB.
const deepestJson = 64;
const longestReason = 200;
const json = `compression = 'uncompressed', maximum_depth = ${deepestJson}`;

// Never unpacked: a megabyte of gzip can hold a gigabyte.
const readers: Readonly<Record<InputMediaType, (path: string) => string>> = {
  "text/csv": (path) => `read_csv('${path}', header = true, compression = 'none')`,
  "application/json": (path) => `read_json('${path}', format = 'array', ${json})`,
  "application/x-ndjson": (path) => `read_json('${path}', format = 'newline_delimited', ${json})`,
  "application/vnd.apache.parquet": (path) => `read_parquet('${path}')`,
};

/** Makes a job's uploads readable as tables until disposed; throws where one is not what its media type says. */
export async function makeInputViews(
  connection: DuckDBConnection,
  inputs: readonly JobInput[],
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const made: string[] = [];
  const remove = async () => {
    for (const name of made) await connection.run(`drop view if exists memory.main."${name}"`);
  };
  try {
    for (const input of inputs) {
      const { name, mediaType, path } = input;
      await refuseUnreadable(input, signal);
      made.push(name);
      await connection.run(`create or replace view memory.main."${name}" as from ${readers[mediaType](sqlText(path))}`);
    }
  } catch (cause) {
    await remove();
    const { message } = cause as Error;
    const input = inputs[made.length - 1];
    if (cause instanceof InputError || !input || isOutOfMemory(message)) throw cause;
    throw new InputError(`${noSuch(input)}: ${whatIsWrong(message, inputs)}`, { cause });
  }
  return { [Symbol.asyncDispose]: remove };
}

/** Something is wrong with what the client has sent. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/**
 * Why a job failed, by what DuckDB said. Uploads are read while the program runs, and their columns are what they are: where
 * there are uploads, what DuckDB cannot read, find or convert is taken for their fault, also if it is the kind's.
 */
export function failureBy(message: string, inputs: readonly JobInput[]): Failure {
  // The first line says what is wrong; the rest quotes the kind's SQL, which is not the client's.
  const [says = ""] = message.split("\n");
  if (isOutOfMemory(says)) return { reason: "OUT_OF_MEMORY", message: says };
  if (inputs.length === 0 || !isOfDuckDb(says)) return { reason: "RENDER_FAILED", message: says };
  const input = inputs.find(({ path }) => message.includes(path));
  const whose = input ? noSuch(input) : `the report cannot be made of ${inputs.map(({ name }) => name).join(", ")}`;
  return { reason: "INPUT_INVALID", message: `${whose}: ${whatIsWrong(message, inputs)}` };
}

/** What DuckDB would not end in an error of its own, or not soon. */
async function refuseUnreadable(input: JobInput, signal: AbortSignal): Promise<void> {
  const why = await whyUnreadable(input, signal);
  if (why !== undefined) throw new InputError(`${noSuch(input)} that can be read: ${why}`);
}

async function whyUnreadable({ mediaType, path }: JobInput, signal: AbortSignal): Promise<string | undefined> {
  switch (mediaType) {
    case "text/csv":
      return whyNoCsv(path, signal);
    case "application/json":
    case "application/x-ndjson":
      return (await nestsDeeper(path, deepestJson, signal))
        ? `it nests more than ${deepestJson} levels deep`
        : undefined;
    case "application/vnd.apache.parquet":
      return undefined;
  }
}

function noSuch({ name, mediaType }: JobInput): string {
  return `the upload ${name} is no ${mediaType}`;
}

/** Of a line of CSV the first line says only which; after it come what it holds, which may be much, and what is wrong. */
function whatIsWrong(message: string, inputs: readonly JobInput[]): string {
  const [says = "", ...more] = message.split("\n");
  const reason =
    says.includes("CSV Error on Line") && more.find((line) => /^(Error|Expected|Invalid|Maximum) /.test(line));
  const whole = reason ? `${says}: ${reason.slice(0, longestReason)}` : says;
  return inputs.reduce((text, { name, path }) => text.replaceAll(path, name), whole);
}

function isOutOfMemory(says: string): boolean {
  return says.includes("Out of Memory");
}

/** `Conversion Error: …`; errors of JavaScript have one word. */
function isOfDuckDb(says: string): boolean {
  return /^[A-Z]\w*( \w+)* Error: /.test(says);
}
