import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi } from "./testing-api.ts";

test("the log level is told and changed", async () => {
  await using api = await startTestApi();
  assert.deepEqual((await api.get("/v1/log-levels")).body, { level: "info" });
  assert.deepEqual((await api.put("/v1/log-levels", { level: "debug" })).body, { level: "debug" });
  assert.deepEqual((await api.get("/v1/log-levels")).body, { level: "debug" });
});

test("a level that there is not changes nothing, and all that is wrong is said", async () => {
  await using api = await startTestApi();
  const answer = await api.put("/v1/log-levels", { level: "debgu", forHow: "long" });
  assert.equal(answer.status, 400);
  assert.match(answer.text, /\\"debgu\\" is not one of error, warn, info, debug; did you mean \\"debug\\"/);
  assert.match(answer.text, /forHow/);
  for (const body of [{}, [], null, { level: null }, { level: ["debug"] }])
    assert.equal((await api.put("/v1/log-levels", body)).status, 400, JSON.stringify(body));
  assert.deepEqual((await api.get("/v1/log-levels")).body, { level: "info" });
});
