import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { WorkerCluster } from "../model/report.ts";
import type { Clock } from "../ports/clock.ts";
import { bigint, type Session } from "./session.ts";
import { firstTurn, type Turns } from "./turns.ts";

/**
 * Lets one server at a time choose what it claims of a cluster, so that all keep one order and the tenants' limits. Who has
 * the turn too long loses it; then the order may suffer, while no report is ever claimed twice: that is decided at the
 * report.
 */
export type ClaimTurns = {
  /** What `choose` answers; undefined where the turn was not to be had in time. */
  within<R>(
    cluster: WorkerCluster,
    choose: (turns: Turns) => Promise<{ readonly turns: Turns; readonly result: R }>,
  ): Promise<R | undefined>;
};

const turnMs = 5_000;
const patienceMs = 5_000;

export function createClaimTurns(session: Session, clock: Clock): ClaimTurns {
  const owner = randomUUID();
  const queues = new Map<WorkerCluster, Promise<unknown>>();

  async function get(cluster: WorkerCluster): Promise<Turns | undefined> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const [row] = await session.rows("select owner, until_ms, state from turns where cluster = ?", [cluster]);
      const before = typeof row?.["owner"] === "string" ? row["owner"] : null;
      const isFree = before === null || Number(row?.["until_ms"]) <= clock.now();
      // The name is another one each time: a turn that was lost cannot be given back.
      if (isFree && (await take(cluster, before))) {
        const state = row?.["state"];
        return typeof state === "string" ? (JSON.parse(state) as Turns) : firstTurn;
      }
      if (performance.now() > end) return undefined;
      await delay(5 + Math.random() * 30);
    }
  }

  const take = (cluster: WorkerCluster, before: string | null) =>
    session.applied([
      {
        query: "update turns set owner = ?, until_ms = ? where cluster = ? if owner = ?",
        values: [owner, bigint(clock.now() + clock.leaseMs(turnMs)), cluster, before],
      },
    ]);

  const giveBack = (cluster: WorkerCluster, turns: Turns) =>
    session.applied([
      {
        query: "update turns set owner = null, state = ? where cluster = ? if owner = ?",
        values: [JSON.stringify(turns), cluster, owner],
      },
    ]);

  return {
    within(cluster, choose) {
      const work = async () => {
        const turns = await get(cluster);
        if (!turns) return undefined;
        let after = turns;
        try {
          const chosen = await choose(turns);
          after = chosen.turns;
          return chosen.result;
        } finally {
          await giveBack(cluster, after);
        }
      };
      // Those of this process wait for each other here and not in Cassandra.
      const mine = (queues.get(cluster) ?? Promise.resolve()).then(work, work);
      queues.set(cluster, mine);
      return mine;
    },
  };
}
