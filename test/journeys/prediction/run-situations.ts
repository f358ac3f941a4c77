import { setTimeout as delay } from "node:timers/promises";
import { type Comparison, comparisons, type Result } from "./compare.ts";
import { type Counts, countsOf, nowhere } from "./counts.ts";
import { predicted } from "./predicted.ts";
import { type PredictionScene, type Subject, startPredictionScene } from "./scene.ts";
import { type ClientKind, clientKinds, type Situation } from "./situation.ts";

const requests = 2_000;
/** Where there is trouble to find out; elsewhere connections have to be made, no more. */
const warmUpRequests = { withTrouble: 150, without: 30 };
/** Two of clients' looks at their endpoints lie in between: situations with trouble ask for one a second. */
const betweenRoundsMs = 1_200;
const mostRounds = 8;

/** Runs each situation with the clients that it is for; predictions are Weir's own, made before the requests. */
export async function runSituations(
  situations: readonly Situation[],
  say: (line: string) => void = () => undefined,
): Promise<readonly Result[]> {
  await using scene = await startPredictionScene(situations);
  await warmUp(scene, say);
  const results: Result[] = [];
  for (const subject of scene.subjects) {
    const { situation } = subject;
    const clients = situation.clients ?? clientKinds;
    // At the same time: each is a process of its own.
    const here = await Promise.all(clients.map((client) => measure(scene, subject, client)));
    results.push(...here);
    for (const { client, comparisons: each } of here)
      say(`${subject.service} ${client}: ${lineOf(each)}  (${situation.name})`);
  }
  return results;
}

async function measure(scene: PredictionScene, subject: Subject, client: ClientKind): Promise<Result> {
  const prediction = await predicted(scene.weir, client, subject);
  const counts = countsOf(await scene.send(client, subject, requests), scene.addressOfId);
  return { situation: subject.situation, client, comparisons: comparisons(subject, prediction, counts) };
}

/**
 * Until no client finds out anything new about endpoints that are in trouble. All situations together, since what has to be
 * waited for is the clients' own time.
 */
async function warmUp(scene: PredictionScene, say: (line: string) => void): Promise<void> {
  const waiting = new Map(
    scene.subjects.flatMap((subject) =>
      (subject.situation.clients ?? clientKinds).map((client): [Pair, string] => [{ subject, client }, "nothing yet"]),
    ),
  );
  for (let round = 1; round <= mostRounds && waiting.size > 0; round += 1) {
    const began = performance.now();
    const rounds = clientKinds.map(async (kind) => {
      for (const [pair, before] of [...waiting].filter(([{ client }]) => client === kind)) {
        const records = await scene.send(kind, pair.subject, warmUpOf(pair.subject));
        const found = troubleIn(countsOf(records, scene.addressOfId), pair.subject);
        if (round >= roundsFor(pair.subject) && (before === found || round === 1)) waiting.delete(pair);
        else waiting.set(pair, found);
      }
    });
    await Promise.all(rounds);
    say(`warmed up ${round} times, ${waiting.size} not settled`);
    if (waiting.size > 0) await delay(Math.max(0, betweenRoundsMs - (performance.now() - began)));
  }
}

type Pair = { readonly subject: Subject; readonly client: ClientKind };

function roundsFor({ endpoints }: Subject): number {
  return endpoints.some(isInTrouble) ? 3 : 1;
}

function warmUpOf({ endpoints }: Subject): number {
  return endpoints.some(isInTrouble) ? warmUpRequests.withTrouble : warmUpRequests.without;
}

/** Who is in trouble and was sent requests all the same. */
function troubleIn(counts: Counts, { endpoints }: Subject): string {
  const trouble = endpoints.filter(isInTrouble).map(({ address }) => address);
  return [...trouble, nowhere].filter((address) => counts.has(address)).join(" ");
}

function isInTrouble({ word }: Subject["endpoints"][number]): boolean {
  return word === "erring" || word === "gone";
}

function lineOf(all: readonly Comparison[]): string {
  return all
    .filter(({ of, predicted: share, observed }) => !of.includes("#") && (share > 0 || observed > 0))
    .map(({ of, predicted: share, observed, requests: sent }) => `${of} ${percent(share)}→${percent(observed / sent)}`)
    .join(", ");
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}
