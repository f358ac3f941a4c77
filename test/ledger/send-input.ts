import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "./code-of.ts";
import type { Order } from "./order.ts";
import { anyClient, callMs, type Placing, pauseMs } from "./placing.ts";

/**
 * Sends what an order is to read, once, however often it takes: by the order's own id it is always the same upload.
 * Answers false where that did not succeed in time.
 */
export async function sendInput({ request, kind, tenant }: Order, placing: Placing): Promise<boolean> {
  const { inputs, ledger, giveUpAtMs } = placing;
  if (kind !== "fed" || inputs.has(request)) return true;
  const bytes = Buffer.from(`text\n${request}\n`);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const announced = { parent: `tenants/${tenant}`, mediaType: "text/csv", sizeBytes: BigInt(bytes.length), sha256 };
  for (let tries = 0; Date.now() < giveUpAtMs; tries += 1) {
    try {
      const client = anyClient(placing);
      const call = { timeoutMs: callMs };
      const { value } = await client.createUpload({ ...announced, requestId: `${request}-upload` }, call);
      if (!value.complete) {
        const signal = AbortSignal.timeout(callMs);
        const put = await fetch(value.putUrl, { method: "PUT", headers: value.headers, body: bytes, signal });
        await put.text();
        await client.completeUpload(value.name, call);
      }
      await ledger.append({ kind: "uploaded", request, upload: value.name });
      inputs.set(request, value.name);
      return true;
    } catch (error) {
      // Whatever it was is tried again from the start: a URL ends with the server that gave it.
      if (!isLineBroken(error)) codeOf(error);
      await delay(pauseMs(tries));
    }
  }
  return false;
}

/** As `fetch` tells of servers that are gone, and of those that answer nothing. */
function isLineBroken(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}
