import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { createBell } from "./bell.ts";

test("a ring wakes all who wait", async () => {
  const bell = createBell();
  const waits = [1, 2, 3].map(() => bell.rung(never));
  bell.ring();
  await Promise.all(waits);
});

test("a ring while nobody waited is heard, once", async () => {
  const bell = createBell();
  bell.ring();
  bell.ring();
  await bell.rung(never);
  let isWoken = false;
  const wait = bell.rung(never).then(() => {
    isWoken = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isWoken, false);
  bell.ring();
  await wait;
});

test("waiting ends with the signal, and in time, and leaves nothing on the signal", async () => {
  const bell = createBell();
  const controller = new AbortController();
  const wait = bell.rung(controller.signal);
  const short = bell.rung(controller.signal, 1);
  // Its timer does not keep a process alive.
  const awake = setInterval(() => undefined, 1_000);
  await short;
  clearInterval(awake);
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort();
  await wait;
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  await bell.rung(controller.signal);
});

const never = new AbortController().signal;
