import { get } from "node:http";
import type { AdminAddress } from "./admin-address.ts";

/** What one question may cost. */
export type AskLimits = { readonly timeoutMs: number; readonly mostBytes: number };

/** The text of one admin page. Rejects with what is wrong in words: no answer in time, no 200, more than it may be. */
export function askHttp(
  { host, port }: AdminAddress,
  path: string,
  { timeoutMs, mostBytes }: AskLimits,
  signal: AbortSignal,
): Promise<string> {
  const late = AbortSignal.timeout(timeoutMs);
  const page = path.split("?", 1)[0];
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(late.aborted ? `${page}: no answer within ${timeoutMs} ms` : why));
    // Redirects are answers like any other here: nobody is asked but whom the allow-list names.
    const asked = get({ host, port, path, agent: false, signal: AbortSignal.any([signal, late]) }, (answer) => {
      answer.on("error", (cause) => fail(`${page}: ${cause.message}`));
      if (answer.statusCode !== 200) {
        fail(`${page}: answered ${answer.statusCode}`);
        asked.destroy();
        return;
      }
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes <= mostBytes) return;
        fail(`${page}: more than ${mostBytes} bytes`);
        asked.destroy();
      });
      answer.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    });
    asked.on("error", (cause: NodeJS.ErrnoException) => fail(`${host}:${port}: ${cause.code ?? cause.message}`));
  });
}
