import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Runtime } from "@weir/proto/envoy/service/runtime/v3/rtds_pb.ts";
import fc from "fast-check";
import { createXdsServer } from "../../control-plane/src/xds-server.ts";
import { until } from "../kit/wait.ts";
import { createStrictJudge } from "./judge.ts";
import { type Pause, playSession } from "./play-session.ts";
import { type Session, session } from "./random-session.ts";
import { createSocketLink, type SocketLink } from "./socket-link.ts";
import { createVersionBook } from "./version-book.ts";

// WEIR_MODEL_SOCKET_RUNS for more; WEIR_MODEL_SEED repeats what a failure printed.
const numRuns = Number(process.env["WEIR_MODEL_SOCKET_RUNS"] ?? 300);
const seed = Number(process.env["WEIR_MODEL_SEED"] ?? Date.now() % 2 ** 31);
const atOnce = 12;

type Player = { readonly steps: Generator<Pause, void>; readonly link: SocketLink; readonly random: Session };

test(`over sockets, too, clients hold what they should, and the server forgets them (${numRuns} sessions, seed ${seed})`, async () => {
  let now = 0;
  const wanted = new Set<string>();
  await using server = await createXdsServer({
    listen: "127.0.0.1:0",
    now: () => new Date(now),
    // The clock is moved by more than a client may take.
    ackTimeoutMs: Number.MAX_SAFE_INTEGER,
    limits: { streamsPerSecond: 0 },
    wanted(viewer, signal) {
      wanted.add(viewer);
      signal.addEventListener("abort", () => wanted.delete(viewer));
    },
  });
  const markers: WeakRef<Runtime>[] = [];
  const versions = createVersionBook();
  let players: readonly Player[] = fc.sample(session, { numRuns, seed }).map((random, index) => {
    const { habits } = random;
    const published = (marker: Runtime) => markers.push(new WeakRef(marker));
    const link = createSocketLink({
      variant: habits.variant,
      server,
      name: `session ${index}`,
      now: () => now,
      published,
    });
    return {
      link,
      random,
      steps: playSession(withoutWaiting(random), (client) => createStrictJudge(client, versions), link),
    };
  });

  const hasHeardAll = () => {
    const views = server.clients.list();
    const heard = views.reduce((sum, { cost }) => sum + cost.requests, 0);
    return views.length === numRuns && heard === players.reduce((sum, { link }) => sum + link.sent(), 0);
  };

  // To the end of what happens, then twice until what was rejected has been tried again.
  await inParallel(players, (player) => play(player));
  for (let round = 0; round < 2; round += 1) {
    await until(hasHeardAll, { within: 60_000, what: "the last ACKs heard" });
    now += 61_000;
    await inParallel(players, async (player) => {
      await player.link.passed();
      await play(player);
    });
  }
  for (const { link } of players) link[Symbol.dispose]();
  players = [];
  await until(() => server.clients.list().length === 0, { within: 60_000, what: "all streams gone" });
  assert.deepEqual([...wanted], [], "nobody holds a lease");
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const left = () => {
    collect();
    return markers.filter((marker) => marker.deref() !== undefined).length;
  };
  await until(() => left() === 0, { within: 60_000, what: `nothing kept of ${markers.length} snapshots` });
});

/** One clock for all cannot be moved for one session: time passes once all have come to their ends. */
function withoutWaiting({ habits, happenings }: Session): Session {
  return { habits, happenings: happenings.filter(({ kind }) => kind !== "wait") };
}

async function play({ steps, link, random }: Player): Promise<void> {
  try {
    for (let step = steps.next(); !step.done && step.value.kind !== "wait"; step = steps.next()) await link.answered();
  } catch (cause) {
    throw new Error(`broken by ${fc.stringify(random)}`, { cause });
  }
}

async function inParallel(players: readonly Player[], work: (player: Player) => Promise<void>): Promise<void> {
  const queue = players.values();
  const worker = async () => {
    for (const player of queue) await work(player);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
