import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ReportId } from "../../src/model/names.ts";
import { hasEnded } from "../../src/model/report.ts";
import type { Connected, OpenPlace } from "./place.ts";
import { claimant, create, inWords, listAll, report, tenant } from "./place.ts";

const program = fileURLToPath(new URL("crash-main.ts", import.meta.url));

/** What a provider that other processes can use must keep when they are killed, in the middle of whatever they do. */
export function provesCrashSafety(name: string, open: OpenPlace): void {
  test(`${name}: what was answered to a process that is killed is there, whole, and its work is taken over`, async () => {
    await using place = await open();
    assert.ok(place.elsewhere, "this provider has no way for another process to connect");
    const answered: string[] = [];
    const cutOff: Cut[] = [];
    for (const count of [7, 40, 90]) {
      const run = `run${count}`;
      const lines = await linesUntilKilled(place.elsewhere, run, count);
      answered.push(...lines);
      cutOff.push({ run, made: lines.filter((line) => line.startsWith("created")).length });
    }
    await using server = await place.connect();
    for (const cut of cutOff) await askAgain(server, cut);
    const stored = new Map((await listAll(server.reports)).map((each) => [String(each.id), each]));
    for (const line of answered) {
      const [state = "", id = ""] = line.split(" ");
      const found = stored.get(id);
      assert.ok(found, `${id} was answered and is not there`);
      if (state === "succeeded") assert.equal(found.status.kind, "succeeded");
    }
    await finishAll(server);
    const ended = await listAll(server.reports);
    assert.ok(ended.every(hasEnded));
    assert.deepEqual(await server.queue.length(), { queued: 0 });
    for (const { sequence, id } of ended) {
      const events = [];
      for await (const event of server.reports.follow({ tenant, id }, 1, new AbortController().signal)) {
        events.push(event.sequence);
      }
      assert.deepEqual(
        events,
        Array.from({ length: sequence - 1 }, (_, index) => index + 2),
        id,
      );
    }
  });
}

type Elsewhere = { readonly module: URL; readonly argument: string };

/** Lets a process create and work, and kills it once it has printed so many lines. */
async function linesUntilKilled(
  { module, argument }: Elsewhere,
  run: string,
  count: number,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [program, module.href, argument, run], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === count) child.kill("SIGKILL");
  }
  await closed;
  assert.ok(lines.length >= count, `the other process ended after ${lines.length} lines`);
  return lines;
}

/** How many creates of a process were answered before it was killed. */
type Cut = { readonly run: string; readonly made: number };

/** Asks again, as clients do, for the last report that was answered and for the one that perhaps was just being made. */
async function askAgain({ reports }: Connected, { run, made }: Cut): Promise<void> {
  for (const [index, isAnswered] of [
    [made - 1, true],
    [made, false],
  ] as const) {
    const { asked, by } = creationOf(run, index);
    const { id } = asked;
    const answer = inWords(await create(reports, { ...asked, id: `${id}-again` as ReportId }, by));
    assert.ok(answer === `repeated ${id}` || (!isAnswered && answer === `created ${id}-again`), answer);
    const same = (await listAll(reports)).filter(({ contentKey }) => contentKey === id);
    assert.equal(same.length, 1, `${id} and ${same.length - 1} more`);
  }
}

/** With all that a create may have, which a store may keep in several places. */
function creationOf(run: string, index: number) {
  const id = `${run}-${index}`;
  const asked = report(id, Date.now(), { contentKey: id });
  return { asked, by: { request: { id, bodyHash: "h" }, reuseSinceMs: 0 } };
}

/** Long after the last lease, so that nothing can be held by one of the dead. */
async function finishAll({ queue, reports }: Connected): Promise<void> {
  const nowMs = Date.now() + 3_600_000;
  // Behind a broker, what the dead had in hand takes a while to be found.
  const patience = AbortSignal.timeout(60_000);
  while (!patience.aborted) {
    const claimed = await queue.claim(claimant, 50, nowMs);
    if (claimed.length === 0) {
      if ((await listAll(reports)).every(hasEnded)) return;
      await queue.wait(claimant.cluster, patience);
    }
    for (const key of claimed) {
      if (key.status.kind !== "running") continue;
      const done = { kind: "succeed", attempt: key.status.attempt, artifacts: [] } as const;
      assert.equal((await reports.change(key, done, nowMs))?.kind, "changed");
    }
  }
}

/** What the other process does: creates a report, sometimes works on one, and prints what was answered. */
export async function createAndWork({ queue, reports }: Connected, run: string): Promise<never> {
  for (let index = 0; ; index += 1) {
    const { asked, by } = creationOf(run, index);
    await create(reports, asked, by);
    process.stdout.write(`created ${asked.id}\n`);
    if (index % 3 !== 0) continue;
    const [claimed] = await queue.claim(claimant, 1, Date.now());
    if (claimed?.status.kind !== "running") continue;
    const done = { kind: "succeed", attempt: claimed.status.attempt, artifacts: [] } as const;
    const answer = await reports.change(claimed, done, Date.now());
    if (answer?.kind === "changed") process.stdout.write(`succeeded ${claimed.id}\n`);
  }
}
