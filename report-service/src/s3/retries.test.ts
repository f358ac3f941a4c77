import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { createRetries } from "./retries.ts";
import { S3Error } from "./s3-error.ts";

const never = new AbortController().signal;
const noOthers = async () => false;
const down = () => Promise.reject(new S3Error("GET x", 503, "SlowDown", ""));

test("a store that is down gets a few more reads, and then a fifth more", async () => {
  const retries = createRetries(noOthers);
  let calls = 0;
  const read = () =>
    retries.run({ deadlineMs: 200, isRead: true }, never, () => {
      calls += 1;
      return down();
    });
  const ended = await Promise.allSettled(Array.from({ length: 100 }, read));
  assert.ok(ended.every(({ status }) => status === "rejected"));
  assert.ok(calls >= 101 && calls <= 100 + 10 + 20, `${calls} calls`);
});

test("a write is tried until its deadline, and then the store is not available, by what it said last", async () => {
  const retries = createRetries(noOthers);
  const startedAtMs = performance.now();
  let calls = 0;
  // The first two waits are at most 200 and 400 ms long.
  const write = retries.run({ deadlineMs: 1_500, isRead: false }, never, () => {
    calls += 1;
    return down();
  });
  const error = await write.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof StoreUnavailable && error.cause instanceof S3Error);
  assert.equal(error.message, "the object store is not available: the object store answered 503 SlowDown to GET x");
  const tookMs = performance.now() - startedAtMs;
  assert.ok(calls > 2, `${calls} calls`);
  assert.ok(tookMs > 1_400 && tookMs < 60_000, `${tookMs} ms`);
});

test("a store that answers nothing is not available when the deadline is over", async () => {
  const hangs = (limit: AbortSignal) => delay(60_000, undefined, { signal: limit });
  await assert.rejects(
    createRetries(noOthers).run({ deadlineMs: 50, isRead: true }, never, hangs),
    (error) => error instanceof StoreUnavailable,
  );
});

test("a store that lets nobody in is not available, and is not asked again", async () => {
  for (const shut of [new S3Error("PUT x", 403, "AccessDenied", ""), new S3Error("GET x", 404, "NoSuchBucket", "")]) {
    let calls = 0;
    const run = createRetries(noOthers).run({ deadlineMs: 1_000, isRead: false }, never, () => {
      calls += 1;
      return Promise.reject(shut);
    });
    const error = await run.catch((thrown: unknown) => thrown);
    assert.ok(error instanceof StoreUnavailable && error.cause === shut);
    assert.equal(calls, 1);
  }
});

test("what will not go through next time is not tried again", async () => {
  const retries = createRetries(noOthers);
  for (const error of [
    new S3Error("PUT x", 400, "BadDigest", ""),
    new Error("a bug"),
    new S3Error("GET x", 404, "", ""),
  ]) {
    let calls = 0;
    const run = retries.run({ deadlineMs: 1_000, isRead: true }, never, () => {
      calls += 1;
      return Promise.reject(error);
    });
    await assert.rejects(run, error);
    assert.equal(calls, 1);
  }
});

test("what was refused is tried once more with other keys, if there are any", async () => {
  for (const others of [true, false]) {
    let calls = 0;
    const run = createRetries(async () => others).run({ deadlineMs: 1_000, isRead: true }, never, () => {
      calls += 1;
      return Promise.reject(new S3Error("GET x", 403, "InvalidAccessKeyId", ""));
    });
    await assert.rejects(run, StoreUnavailable);
    assert.equal(calls, others ? 2 : 1);
  }
});

test("who gives up gets no further tries", async () => {
  const giveUp = new AbortController();
  const run = createRetries(noOthers).run({ deadlineMs: 60_000, isRead: false }, giveUp.signal, () => {
    giveUp.abort();
    return down();
  });
  await assert.rejects(run, { status: 503 });
});
