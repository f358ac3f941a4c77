import { setTimeout as delay } from "node:timers/promises";
import type { CallRecord } from "../../../kit/echo.ts";
import { until } from "../../../kit/wait.ts";
import { lacksNamespaces, startTwoDataCenters, type TwoDataCenters, type Way } from "../../wan/two-data-centers.ts";
import type { Fault, Verdict } from "../fault.ts";

type Cut = { readonly name: string; readonly ways: { readonly there?: Way; readonly back?: Way } };

const cuts: readonly Cut[] = [
  { name: "cut", ways: { there: { cut: true }, back: { cut: true } } },
  { name: "cut one way", ways: { back: { cut: true } } },
  { name: "losing 30 %", ways: { there: { loss: 0.3 }, back: { loss: 0.3 } } },
];
const whole: Cut["ways"] = { there: { cut: false, loss: 0, delayMs: 10 }, back: { cut: false, loss: 0, delayMs: 10 } };
const perSecond = 100;

export const cutLine: Fault = {
  name: "cut-line",
  breaks: "the line between two data centers is cut, cut one way, or loses packets",
  lacks: lacksNamespaces,
  async run({ short, say }) {
    await using scene = await startTwoDataCenters();
    await scene.line(whole);
    const endpoints = async () => JSON.stringify(await scene.api("/v1/services/report/endpoints?from=dc-a/z1"));
    const all = await endpoints();
    const verdicts: Verdict[] = [];
    // The way back takes half a minute: outlier ejections end when their time is over.
    for (const { name, ways } of short ? cuts.slice(0, 1) : cuts) {
      await using traffic = scene.traffic(perSecond);
      const spread = () => sharesSince(traffic.records(), Date.now() - 2_000)["dc-b"] > 0.3;
      await until(spread, { within: 60_000, what: "both data centers have traffic" });
      const cutAt = Date.now();
      await scene.line(ways);
      say(`the line is ${name}`);
      await delay(short ? 8_000 : 60_000);
      const known = await endpoints();
      const states = await sourceStates(scene);
      const healedAt = Date.now();
      await scene.line(whole);
      say("the line is whole");
      await until(spread, { within: 90_000, what: "both data centers have traffic again" });
      const backAt = Date.now();
      // Those that are still open are counted too.
      await delay(5_500);
      const records = traffic.records();
      await traffic.stop();
      verdicts.push(...judge(name, records, { cutAt, healedAt, backAt }), {
        invariant: `${name}: what is known of the other data center stays`,
        holds: known === all,
        found: states,
      });
    }
    return verdicts;
  },
};

function judge(
  name: string,
  records: readonly CallRecord[],
  { cutAt, healedAt, backAt }: { readonly cutAt: number; readonly healedAt: number; readonly backAt: number },
): readonly Verdict[] {
  const during = records.filter(({ startedAt }) => startedAt >= cutAt + 3_000 && startedAt < healedAt);
  const share = shareOfGood(during);
  let worst = 1;
  for (let from = healedAt; from < backAt; from += 1_000) {
    const second = records.filter(({ startedAt }) => startedAt >= from && startedAt < from + 1_000);
    if (second.length > perSecond / 2) worst = Math.min(worst, shareOfGood(second));
  }
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  return [
    {
      invariant: `${name}: 99 % succeed from 3 s on`,
      holds: share >= 0.99,
      found: `${percent(share)} of ${during.length}${why(during)}`,
    },
    {
      invariant: `${name}: no second of the way back is worse than 99 %`,
      holds: worst >= 0.99,
      found: `the worst ${percent(worst)}; back after ${((backAt - healedAt) / 1_000).toFixed(1)} s`,
    },
  ];
}

/** The commonest reason why requests failed. */
function why(records: readonly CallRecord[]): string {
  const failed = records.filter(({ code }) => code !== "OK");
  const counts = Map.groupBy(failed, ({ code, details }) => `${code} ${details}`);
  const [first] = [...counts].toSorted(([, a], [, b]) => b.length - a.length);
  return first === undefined ? "" : `; ${failed.length} failed, of them ${first[1].length}: ${first[0]}`;
}

function shareOfGood(records: readonly CallRecord[]): number {
  return records.length === 0 ? 0 : records.filter(({ code }) => code === "OK").length / records.length;
}

function sharesSince(records: readonly CallRecord[], since: number): Record<"dc-a" | "dc-b", number> {
  const recent = records.filter(({ startedAt }) => startedAt >= since);
  const of = (datacenter: string) =>
    recent.filter(({ reply }) => reply?.datacenter === datacenter).length / Math.max(1, recent.length);
  return { "dc-a": of("dc-a"), "dc-b": of("dc-b") };
}

async function sourceStates(scene: TwoDataCenters): Promise<string> {
  const { sources } = (await scene.api("/v1/sources")) as { sources: readonly { source: string; state: string }[] };
  return sources.map(({ source, state }) => `${source} ${state}`).join(", ");
}
