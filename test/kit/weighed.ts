import type { CallRecord } from "./echo.ts";
import { answersById } from "./grpc-load.ts";
import { assertShare } from "./share.ts";
import { until } from "./wait.ts";

const tried = 60;
/** A client hands out turns by weight, so that even few requests come near; it may begin anew in between. */
const mostOff = 5;

/**
 * Throws unless requests go to the endpoints by what these report: `shares` is the part of each id, in 0 to 1.
 * Counts from when all of them have their weight. An endpoint that is not connected yet gets nothing, and one whose blackout period is not
 * over gets the mean of the others', with which the one that is to have the most has more than half already.
 */
export async function assertWeighed(
  send: (count: number) => Promise<readonly CallRecord[]>,
  shares: Readonly<Record<string, number>>,
): Promise<void> {
  let last: Readonly<Record<string, number>> = {};
  const near = async () => {
    const answers = answersById(await send(tried));
    last = Object.fromEntries(answers);
    return Object.entries(shares).every(([id, share]) => Math.abs((answers.get(id) ?? 0) - tried * share) <= mostOff);
  };
  const what = "each endpoint gets by what it reports";
  await until(near, { within: 60_000, what }).catch((cause) => {
    throw new Error(`${what}: of the last ${tried}, ${JSON.stringify(last)}`, { cause });
  });
  const records = await send(600);
  for (const [id, share] of Object.entries(shares))
    assertShare(answersById(records).get(id) ?? 0, { of: records.length, share, what: id });
}
