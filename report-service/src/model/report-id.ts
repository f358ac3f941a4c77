import type { ReportId, UploadId } from "./names.ts";

// Crockford's base 32 in lower case, as https://github.com/ulid/spec but for the case, which resource ids demand.
const digits = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * `{datacenter}-{ulid}`: ids of one data center sort by the time they were made, and tell where their report lives.
 * `entropy` is 10 random bytes; `datacenter` is a resource id of at most 36 characters.
 */
export function makeReportId(datacenter: string, nowMs: number, entropy: Uint8Array): ReportId {
  return makeId(datacenter, nowMs, entropy) as ReportId;
}

/** As `makeReportId`, for an upload. */
export function makeUploadId(datacenter: string, nowMs: number, entropy: Uint8Array): UploadId {
  return makeId(datacenter, nowMs, entropy) as UploadId;
}

function makeId(datacenter: string, nowMs: number, entropy: Uint8Array): string {
  const time = encode(BigInt(nowMs), 10);
  const random = encode(BigInt(`0x${Buffer.from(entropy).toString("hex")}`), 16);
  return `${datacenter}-${time}${random}`;
}

function encode(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest >>= 5n) text = digits.charAt(Number(rest & 31n)) + text;
  return text;
}

/** Where an upload lives: nobody but a server chooses the id of one. */
export function datacenterOf(upload: UploadId): string {
  return upload.slice(0, -27);
}

/** Whether a server of this data center has made this id; one that a client has chosen tells nothing. */
export function isMadeIn(datacenter: string, id: string): boolean {
  return id.length === datacenter.length + 27 && id.startsWith(`${datacenter}-`);
}
