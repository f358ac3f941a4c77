import assert from "node:assert/strict";
import { test } from "node:test";
import type { PresenceNote, Registrar } from "./registrar.ts";
import { startRegistration } from "./registration.ts";

const leaseSeconds = 0.06;
const never = new AbortController().signal;

test("a registration is renewed again and again, and told of once", async () => {
  const place = createPlace(() => true);
  const notes: PresenceNote[] = [];
  {
    await using _registration = startRegistration(place, leaseSeconds, (note) => notes.push(note));
    await place.asked(4);
  }
  assert.deepEqual(notes, [
    { kind: "registered", place: "here" },
    { kind: "left", place: "here" },
  ]);
});

test("a place that is away is asked until it is back, with one line for its absence and one for its return", async () => {
  const place = createPlace((count) => count === 1 || count > 4);
  const notes: PresenceNote[] = [];
  {
    await using _registration = startRegistration(place, leaseSeconds, (note) => notes.push(note));
    await place.asked(6);
  }
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["registered", "registration-failed", "registered", "left"],
  );
});

test("retries are spread by chance and never later than the next renewal would be", async () => {
  const place = createPlace(() => false);
  const waits: number[] = [];
  const observe = (note: PresenceNote) => note.kind === "registration-failed" && waits.push(note.retryInMs);
  await using _registration = startRegistration(place, 30, observe, () => 0);
  await using _other = startRegistration(place, 30, observe, () => 1);
  await place.asked(2);
  assert.deepEqual(waits, [100, 200]);
});

test("leaving stops renewing, happens once, and does not mind a place that is away", async () => {
  const place = createPlace(
    () => true,
    () => Promise.reject(new Error("away")),
  );
  const notes: PresenceNote[] = [];
  const registration = startRegistration(place, leaseSeconds, (note) => notes.push(note));
  await place.asked(1);
  await Promise.all([registration.leave(never), registration.leave(never)]);
  await registration[Symbol.asyncDispose]();
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["registered", "leave-failed"],
  );
});

/** A registrar that answers as `works` says for its nth call; `asked(n)` returns with that call. */
function createPlace(works: (count: number) => boolean, leave = () => Promise.resolve()) {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let count = 0;
  const registrar: Registrar = {
    place: "here",
    async register() {
      count += 1;
      for (const one of waiting) if (count >= one.count) one.resolve();
      if (!works(count)) throw new Error("away");
    },
    leave,
  };
  const asked = (wanted: number) =>
    new Promise<void>((resolve) => {
      if (count >= wanted) resolve();
      else waiting.push({ count: wanted, resolve });
    });
  return { ...registrar, asked };
}
