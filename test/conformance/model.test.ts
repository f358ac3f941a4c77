import { test } from "node:test";
import fc from "fast-check";
import { createStrictJudge } from "./judge.ts";
import { createMachineLink } from "./machine-link.ts";
import { playSession } from "./play-session.ts";
import { type Session, session } from "./random-session.ts";
import { createVersionBook, type VersionBook } from "./version-book.ts";

// WEIR_MODEL_RUNS for more; WEIR_MODEL_SEED and WEIR_MODEL_PATH repeat what a failure printed; WEIR_MODEL_TRACE=1 shows what is said.
const numRuns = Number(process.env["WEIR_MODEL_RUNS"] ?? 20_000);
const seed = Number(process.env["WEIR_MODEL_SEED"] ?? Date.now() % 2 ** 31);
const path = process.env["WEIR_MODEL_PATH"];
const trace = process.env["WEIR_MODEL_TRACE"] === "1" ? show : undefined;

test(`whatever happens, clients hold what they should and no rule is broken (${numRuns} sessions, seed ${seed})`, () => {
  const versions = createVersionBook();
  fc.assert(
    fc.property(session, (random) => play(random, versions)),
    { numRuns, seed, ...(path === undefined ? {} : { path }) },
  );
});

function play(random: Session, versions: VersionBook): void {
  const link = createMachineLink(random.habits.variant);
  for (const pause of playSession(random, (client) => createStrictJudge(client, versions), link, trace))
    if (pause.kind === "wait") link.wait(pause.ms);
}

/** Without what a person need not see: the resources' bytes. */
function show(...said: readonly unknown[]): void {
  const plain = (key: string, value: unknown) => {
    if (key === "body" || key === "stamp" || key === "whole") return undefined;
    return value instanceof Map ? [...value] : value;
  };
  process.stderr.write(
    `${said.map((each) => (typeof each === "string" ? each : JSON.stringify(each, plain))).join(" ")}\n`,
  );
}
