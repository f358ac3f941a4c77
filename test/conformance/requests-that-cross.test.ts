import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { createXdsServer } from "../../control-plane/src/xds-server.ts";
import type { Judge } from "./judge.ts";
import { playSession } from "./play-session.ts";
import { type Happening, type Session, session, types } from "./random-session.ts";
import { rule } from "./reference-model.ts";
import { isWhole, type SimulatedClient } from "./simulated-client.ts";
import { createSocketLink, type SocketLink } from "./socket-link.ts";

// WEIR_MODEL_SOCKET_RUNS for more; WEIR_MODEL_SEED repeats what a failure printed.
const numRuns = Number(process.env["WEIR_MODEL_SOCKET_RUNS"] ?? 300);
const seed = Number(process.env["WEIR_MODEL_SEED"] ?? Date.now() % 2 ** 31);
const atOnce = 12;

test(`clients that do not wait for answers hold what they should in the end (${numRuns} sessions, seed ${seed})`, async () => {
  await using server = await createXdsServer({ listen: "127.0.0.1:0", limits: { streamsPerSecond: 0 } });
  const queue = fc.sample(session, { numRuns, seed }).entries();
  const worker = async () => {
    for (const [index, random] of queue) {
      const { variant } = random.habits;
      const name = `session ${index}`;
      using link = createSocketLink({ variant, server, name, now: Date.now, published: () => undefined });
      await play(simpler(random), link);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
});

/** What is rejected, and streams that break, are the strict judge's: here requests cross responses and each other's answers. */
function simpler({ habits, happenings }: Session): Session {
  return {
    habits,
    happenings: happenings.flatMap((happening): readonly Happening[] => {
      if (happening.kind === "wait" || happening.kind === "reconnect" || happening.kind === "stale") return [];
      if (happening.kind !== "edit") return [happening];
      const edits = happening.edits.map((edit) => (edit.content === 2 ? { ...edit, content: 1 as const } : edit));
      return [{ ...happening, edits }];
    }),
  };
}

async function play(random: Session, link: SocketLink): Promise<void> {
  let pauses = 0;
  let isEnd = false;
  try {
    for (const pause of playSession(random, createFinalJudge, link)) {
      if (pause.kind === "wait") return;
      isEnd ||= pause.kind === "end";
      pauses += 1;
      if (isEnd || pauses % 5 === 0) await link.answered();
      else if (pauses % 5 < 3) await turn();
    }
  } catch (cause) {
    throw new Error(`broken by ${fc.stringify(random)}`, { cause });
  }
}

/** Does not care what was said on the way: in the end the client has what it wants of what there is, and nothing else. */
function createFinalJudge(client: SimulatedClient): Judge {
  const nothing = () => undefined;
  return {
    ...{ heard: nothing, sent: nothing, edited: nothing },
    quiet(world) {
      for (const type of types) {
        const { names, all, held } = client.side(type);
        for (const { name, version } of world[type].values()) {
          const has = held.get(name)?.version;
          rule(!(all || names.has(name)) || has === version, `${type} ${name}: has ${has}, wants ${version}`);
        }
        // State-of-the-world has no word for endpoints and routes that are gone.
        const mayKeep = client.variant === "sotw" && !isWhole(type, client.variant);
        for (const name of held.keys()) rule(mayKeep || world[type].has(name), `${type} ${name}: still held, and gone`);
      }
    },
  };
}
