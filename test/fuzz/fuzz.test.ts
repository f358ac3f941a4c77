import assert from "node:assert/strict";
import { test } from "node:test";
import { proveApi } from "./prove-api.ts";

test("no request to any route is answered by a 500, not as the OpenAPI document says, or changes anything when refused", async () => {
  const { requests } = await proveApi({ seed: 1, count: 400 });
  assert.equal(requests, 400);
});
