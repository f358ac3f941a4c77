import assert from "node:assert/strict";
import { test } from "node:test";
import { service, startTestApi } from "./testing-api.ts";

test("unknown paths and methods say what was probably meant", async () => {
  await using api = await startTestApi();
  const missing = await api.get("/v1/trafficSplit");
  assert.equal(missing.status, 404);
  assert.match(JSON.stringify(missing.body), /did you mean \\"\/v1\/trafficSplits\\"/);
  const method = await api.post("/v1/services/report", service);
  assert.deepEqual([method.status, method.headers["allow"]], [405, "DELETE, GET, HEAD, PUT"]);
  assert.equal((await api.get("/v1/services/")).status, 404);
});

test("a bug is answered with 500 and reported with its cause, not told to the caller", async () => {
  await using api = await startTestApi({ metrics: () => Promise.reject(new Error("secret detail")) });
  const answer = await api.get("/metrics");
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret/);
  assert.deepEqual(
    api.notes.flatMap((note) => (note.kind === "operator-failed" ? [note.cause.message] : [])),
    ["secret detail"],
  );
});

test("each answer is counted by its route's pattern", async () => {
  await using api = await startTestApi();
  await api.get("/v1/services/one");
  await api.get("/nothing");
  assert.deepEqual(
    api.notes.flatMap((note) =>
      note.kind === "operator-answered" ? [`${note.method} ${note.route} ${note.code}`] : [],
    ),
    ["GET /v1/services/:name 404", "GET none 404"],
  );
});

test("what a request said comes back cut and without control characters, with a reason beside the fields", async () => {
  await using api = await startTestApi();
  const { text, body } = await api.put("/v1/log-levels", { level: `\u001b[31m\u202e${"a".repeat(5_000)}` });
  assert.ok(text.length < 6_000, `${text.length} characters`);
  const { error } = body as { error: { message: string; details: readonly { reason?: string }[] } };
  assert.doesNotMatch(error.message, /\p{Cc}|\u202e/u);
  assert.deepEqual(
    error.details.map(({ reason }) => reason),
    [undefined, "BAD_REQUEST"],
  );
});
