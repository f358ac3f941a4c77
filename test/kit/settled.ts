import assert from "node:assert/strict";
import type { ApiAnswer, Weir } from "./weir.ts";

/** Waits until every client, one at least, has acknowledged all that it is to hold by now. */
export async function settled(weir: Weir): Promise<void> {
  const { status, body } = await weir.api("GET", "/v1/clients:settled?within=60s");
  assert.equal(status, 200, JSON.stringify(body));
  const { acked, of } = body as { readonly acked: number; readonly of: number };
  assert.ok(of > 0, "a client is connected");
  assert.equal(acked, of, "every client has what it is to have");
}

/** The same after a change, once it was taken. */
export async function settledAfter(weir: Weir, change: Promise<ApiAnswer>): Promise<void> {
  const { status, body } = await change;
  assert.ok(status < 300, JSON.stringify(body));
  await settled(weir);
}
