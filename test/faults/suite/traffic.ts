import { type Background, inBackground } from "../../kit/background.ts";
import type { CallRecord } from "../../kit/echo.ts";
import { codes, type Load } from "../../kit/grpc-load.ts";
import type { XdsClient } from "../../kit/xds-client.ts";
import type { Verdict } from "./fault.ts";

/** Requests that go on until they are stopped; each of them is in the history, with how it ended. */
export type Traffic = Background<readonly CallRecord[]>;

const sliceMs = 500;

/** Sends at a rate, slice after slice, through a proxy or as a proxyless client. */
export function sendOn(load: Load | XdsClient, perSecond = 100): Traffic {
  return inBackground(async (stopped) => {
    const records: CallRecord[] = [];
    while (!stopped()) records.push(...(await load.sendAtRate({ perSecond, forMs: sliceMs })));
    return records;
  });
}

/** Every request was answered, or at most so small a part of them was not. */
export function answered(who: string, records: readonly CallRecord[], atMostFailing = 0): Verdict {
  const failed = records.filter(({ code }) => code !== "OK");
  const share = records.length === 0 ? 1 : failed.length / records.length;
  const [first] = failed;
  return {
    invariant: `${who}: ${atMostFailing === 0 ? "no request fails" : `at most ${atMostFailing * 100} % of requests fail`}`,
    holds: records.length > 0 && share <= atMostFailing,
    found: `${records.length} requests${first ? `, ${[...codes(failed)].map(([code, count]) => `${count} ${code}`).join(", ")}; the first: ${first.details}` : ""}`,
  };
}
