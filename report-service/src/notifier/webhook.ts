import { createHash, createHmac } from "node:crypto";
import { reportName } from "../model/names.ts";
import type { Notice } from "../model/notice.ts";
import type { Report } from "../model/report.ts";
import type { Message } from "./post.ts";

/** At least one; a receiver that knows any of them can verify a message. */
export type Secrets = readonly Buffer[];

/** A notice as a message of Standard Webhooks (https://www.standardwebhooks.com), signed at `nowMs` with every secret. */
export function webhookOf(report: Report, notice: Notice, secrets: Secrets, nowMs: number): Message {
  const name = reportName(report);
  const { state, sequence, endedAtMs } = notice;
  const body = JSON.stringify({
    type: `report.${state}`,
    timestamp: new Date(endedAtMs).toISOString(),
    data: { name, state: state.toUpperCase(), sequence },
  });
  const id = webhookId(report, sequence);
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signatures = secrets.map((secret) => signatureOf(secret, id, timestamp, body));
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "user-agent": "weir-report-service",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
  return { headers, body };
}

/** One signature as it stands in `webhook-signature`; `timestamp` is in seconds. */
export function signatureOf(secret: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** Equal for each try of one notice; another for a report that gets the name of one that was deleted. */
function webhookId(report: Report, sequence: number): string {
  const text = `${reportName(report)} ${report.createdAtMs} ${sequence}`;
  return `msg_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
