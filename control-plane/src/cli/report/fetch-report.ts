import { constants, createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import type { Format } from "@weir/proto/report/v1/report_pb.ts";
import { ReportCallError, type ReportClient, WrongReportBytes } from "@weir/report-service/src/client.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../io.ts";
import { formatText } from "./order-of.ts";
import { bytesText } from "./report-row.ts";

/** Which bytes are wanted: of a report, by its full name, in one format. */
export type WantedBytes = { readonly client: ReportClient; readonly name: string; readonly format: Format };

const tellEveryMs = 200;
const clearLine = "\r\u001b[K";

/** Writes a report to standard output as it comes. What reads it has to mind the exit code: only 0 says that it is whole. */
export async function fetchToOutput(io: CliIo, { client, name, format }: WantedBytes): Promise<void> {
  try {
    for await (const piece of client.readReport(name, format, { signal: io.signal })) await io.writeBytes(piece);
  } catch (error) {
    throw inWords(error);
  }
}

/**
 * Writes a report to `file`, whole or not at all: what has come is kept beside it in `FILE.REPORT-FORMAT.part`, where the
 * next try goes on, and takes the file's name once it has the report's SHA-256.
 */
export async function fetchToFile(io: CliIo, wanted: WantedBytes, file: string): Promise<void> {
  const part = `${file}.${wanted.name.split("/").at(-1)}-${formatText(wanted.format)}.part`;
  await using handle = await openPart(part);
  let size = (await handle.stat()).size;
  try {
    try {
      size = await readInto(io, wanted, { handle, part, size });
    } catch (error) {
      if (size === 0 || !isOfOtherBytes(error)) throw error;
      // The report was made anew since the part was fetched.
      await handle.truncate(0);
      size = await readInto(io, wanted, { handle, part, size: 0 });
    }
    await handle.sync();
    await rename(part, file);
  } catch (error) {
    const kept = error instanceof WrongReportBytes ? 0 : (await handle.stat()).size;
    if (kept === 0) await rm(part, { force: true });
    else io.stderr.write(`${part}: ${bytesText(BigInt(kept))} are kept, from where the same command goes on\n`);
    throw inWords(error);
  }
  io.stderr.write(`${file}: ${bytesText(BigInt(size))}\n`);
}

async function openPart(part: string): Promise<FileHandle> {
  try {
    // Reads where it was left, and writes at positions: two that fetch the same at once write the same bytes.
    return await open(part, constants.O_RDWR | constants.O_CREAT);
  } catch (cause) {
    throw new CliError(`--to: ${part} cannot be written: ${(cause as Error).message}`);
  }
}

/** Adds what a part lacks; answers how many bytes it has then, or throws. */
async function readInto(
  { signal, stderr }: CliIo,
  { client, name, format }: WantedBytes,
  { handle, part, size }: { readonly handle: FileHandle; readonly part: string; readonly size: number },
): Promise<number> {
  const held = size === 0 ? undefined : createReadStream(part, { end: size - 1 });
  const total = stderr.isTTY === true ? await sizeOf(client, name, format) : undefined;
  let position = size;
  let toldAt = Number.NEGATIVE_INFINITY;
  try {
    for await (const piece of client.readReport(name, format, { signal, held })) {
      for (let written = 0; written < piece.length; ) {
        const { bytesWritten } = await handle.write(piece, written, piece.length - written, position);
        written += bytesWritten;
        position += bytesWritten;
      }
      if (total === undefined || performance.now() - toldAt < tellEveryMs) continue;
      toldAt = performance.now();
      const percent = Math.floor((100 * position) / Math.max(total, position));
      stderr.write(`${clearLine}${bytesText(BigInt(position))} of ${bytesText(BigInt(total))}, ${percent} %`);
    }
  } finally {
    if (total !== undefined) stderr.write(clearLine);
  }
  return position;
}

async function sizeOf(client: ReportClient, name: string, format: Format): Promise<number | undefined> {
  const { value } = await client.getReport(name, {}, ["artifacts"]);
  const artifact = value.artifacts.find((each) => each.format === format);
  return artifact && Number(artifact.sizeBytes);
}

/** What was held is not the beginning of what is there now: other bytes, or more than it has. */
function isOfOtherBytes(error: unknown): boolean {
  return error instanceof WrongReportBytes || (error instanceof ReportCallError && error.code === status.OUT_OF_RANGE);
}

function inWords(error: unknown): unknown {
  if (error instanceof WrongReportBytes)
    return new CliError(`${error.message}; nothing of it was kept: fetch it again`);
  const { code, message } = error as NodeJS.ErrnoException;
  // What files say (ENOSPC, EACCES); a call has a number there.
  return typeof code === "string" ? new CliError(message) : error;
}
