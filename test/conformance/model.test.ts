import { test } from "node:test";
import fc from "fast-check";
import { playSession } from "./play-session.ts";
import { session } from "./random-session.ts";
import { createVersionBook } from "./version-book.ts";

// WEIR_MODEL_RUNS for more; WEIR_MODEL_SEED and WEIR_MODEL_PATH repeat what a failure printed.
const numRuns = Number(process.env["WEIR_MODEL_RUNS"] ?? 60_000);
const seed = Number(process.env["WEIR_MODEL_SEED"] ?? Date.now() % 2 ** 31);
const path = process.env["WEIR_MODEL_PATH"];

test(`whatever happens, clients hold what they should and no rule is broken (${numRuns} sessions, seed ${seed})`, () => {
  const versions = createVersionBook();
  fc.assert(
    fc.property(session, (random) => playSession(random, versions)),
    { numRuns, seed, ...(path === undefined ? {} : { path }) },
  );
});
