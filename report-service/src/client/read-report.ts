import { createHash } from "node:crypto";
import type { Client } from "@grpc/grpc-js";
import { type Format, Results } from "@weir/proto/report/v1/report_pb.ts";
import { type CallOptions, stream } from "./calls.ts";
import { createPatience } from "./lost-server.ts";

/** How a report is read; `timeoutMs` holds for all of it. */
export type ReadOptions = CallOptions & {
  /** Its first bytes, which the caller has from a read that broke off: they are not read again, and count for the SHA-256. */
  readonly held?: AsyncIterable<Uint8Array> | undefined;
};

/** The bytes that came, with those that were held, are not those that were recorded: none of them may be used. */
export class WrongReportBytes extends Error {}

/**
 * The bytes of a finished report as they come, over as many streams as it takes while servers come and go. They are the
 * report only once this has ended without throwing: then they have its SHA-256, also where several servers sent them.
 */
export async function* readReport(
  channel: Client,
  name: string,
  format: Format,
  { timeoutMs, held, ...call }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const deadlineMs = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  const patience = createPatience(call.signal);
  const hash = createHash("sha256");
  let offset = 0n;
  for await (const piece of held ?? []) {
    hash.update(piece);
    offset += BigInt(piece.length);
  }
  for (;;) {
    const left = deadlineMs === undefined ? {} : { timeoutMs: deadlineMs - Date.now() };
    let sha256: string | undefined;
    try {
      for await (const chunk of stream(
        channel,
        Results.method.streamReport,
        { name, format, offset },
        { ...call, ...left },
      )) {
        patience.reset();
        if (chunk.offset !== offset) throw new Error(`${name}: bytes came from ${chunk.offset} on, not from ${offset}`);
        hash.update(chunk.data);
        offset += BigInt(chunk.data.length);
        sha256 = chunk.sha256;
        if (chunk.data.length > 0) yield chunk.data;
      }
    } catch (error) {
      await patience.afterFailure(error);
      continue;
    }
    const got = hash.digest("hex");
    if (got !== sha256)
      throw new WrongReportBytes(`${name}: the bytes have SHA-256 ${got}, not ${sha256 || "any that came along"}`);
    return;
  }
}

/** All bytes of a finished report. */
export async function fetchReport(channel: Client, name: string, format: Format, call?: CallOptions): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readReport(channel, name, format, call)) pieces.push(piece);
  return Buffer.concat(pieces);
}
