import { availableParallelism } from "node:os";
import { type Cpu, totalOf } from "./cpu.ts";

/** One run of the mix, one way. */
export type Turn = {
  readonly way: "direct" | "envoy";
  /** As asked. */
  readonly perSecond: number;
  /** Microseconds of CPU for one call, from the first call to the last answer. */
  readonly micros: Cpu;
  /** The same until each report was made that the calls had asked for. */
  readonly microsUntilMade: Cpu;
  /** How long that took after the last answer. */
  readonly workedOffS: number;
  /** What the program that sends the calls took for each. */
  readonly senderMicros: number;
  readonly otherShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly notOk: number;
};

export type Setting = {
  readonly machine: string;
  readonly store: "sqlite" | "postgres";
  readonly seconds: number;
  /** Milliseconds of CPU a second that Weir used by itself all the while. */
  readonly weirMs: number;
  /** From Envoy to the service. */
  readonly connections: number;
};

export const envoyHeading = "## Through Envoy";

const goalMs = 100;
const sumPerSecond = 10_000;
/** More of the cores than this for other programs, and times are theirs, too. */
const mostOthers = 0.05;
/** What a machine is loaded to where another one may fail. */
const utilisation = 0.6;
const machineCores = 4;

/** The page's section on Envoy: both ways side by side, the rate that holds, and the sum for ten thousand calls a second. */
export function envoySection(
  { machine, store, seconds, weirMs, connections }: Setting,
  turns: readonly Turn[],
): string {
  const rates = [...new Set(turns.map(({ perSecond }) => perSecond))].toSorted((a, b) => a - b);
  const at = (way: Turn["way"], rate: number) => turns.filter((turn) => turn.way === way && turn.perSecond === rate);
  const rounds = at("direct", rates[0] ?? 0).length;
  return [
    envoyHeading,
    `Written by \`npm run load:report-envoy\` on ${machine}. The mix on ${store === "postgres" ? "Postgres" : "SQLite"}, ${seconds} s at a time, straight to the service and through`,
    "Envoy by turns: one Envoy with one worker thread, which Weir leads with the documents of",
    `[roles](roles.md#sharing-watches-out-over-several-servers), a ring hash on \`x-report-id\` among them, with ${connections} HTTP/2 connections to the service; no TLS and no access log. Service, store, Envoy and the`,
    `sender of the calls share the cores. Medians of ${rounds} rounds, p99 of each. Weir itself took ${weirMs.toFixed(1)} ms of CPU a second.`,
    "",
    "| calls /s | way | us of CPU a call | calls | work, making | store | Envoy | sender | p50 ms | p99 ms | not OK | others |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ...rates.flatMap((rate) => [row("direct", at("direct", rate)), row("through Envoy", at("envoy", rate))]),
    "",
    ...verdict(rates, at),
  ].join("\n");
}

function row(title: string, turns: readonly Turn[]): string {
  const micros = (of: (cpu: Cpu) => number) => median(turns.map((turn) => of(turn.micros))).toFixed(0);
  return `| ${[
    turns[0]?.perSecond,
    title,
    micros(totalOf),
    micros(({ calls }) => calls),
    micros(({ work, making }) => work + making),
    micros(({ store }) => store),
    micros(({ envoy }) => envoy),
    median(turns.map(({ senderMicros }) => senderMicros)).toFixed(0),
    median(turns.map(({ p50Ms }) => p50Ms)).toFixed(1),
    turns.map(({ p99Ms }) => p99Ms.toFixed(0)).join(", "),
    turns.reduce((sum, { notOk }) => sum + notOk, 0),
    `${(median(turns.map(({ otherShare }) => otherShare)) * 100).toFixed(0)} %`,
  ].join(" | ")} |`;
}

type At = (way: Turn["way"], rate: number) => readonly Turn[];

function verdict(rates: readonly number[], at: At): readonly string[] {
  const holds = (way: Turn["way"]) => rates.filter((rate) => hold(at(way, rate))).at(-1);
  const [direct, envoy] = [holds("direct"), holds("envoy")];
  const most = `p99 at most ${goalMs} ms in the median round, and every call OK`;
  const text = (rate: number | undefined) => (rate === undefined ? "none of these rates" : `${number(rate)} a second`);
  const others = median(
    rates.flatMap((rate) => [...at("direct", rate), ...at("envoy", rate)].map((turn) => turn.otherShare)),
  );
  const busy =
    others > mostOthers
      ? ` Other programs used ${(others * 100).toFixed(0)} % of the cores meanwhile, so a quiet machine holds more.`
      : "";
  const held = `Held here (${most}): ${text(direct)} direct, ${text(envoy)} through Envoy.${busy}`;
  if (envoy === undefined) return [held, ""];
  return [held, ownMachine(at("envoy", envoy)), "", ...sum(at("direct", envoy), at("envoy", envoy))];
}

function hold(turns: readonly Turn[]): boolean {
  return turns.every(({ notOk }) => notOk === 0) && median(turns.map(({ p99Ms }) => p99Ms)) <= goalMs;
}

/** The sender is no part of the service: as busy as the cores are with it, they could be with more calls instead. */
function ownMachine(turns: readonly Turn[]): string {
  const served = median(turns.map(({ micros }) => totalOf(micros)));
  const sent = median(turns.map(({ senderMicros }) => senderMicros));
  const rate = turns[0]?.perSecond ?? 0;
  const busy = (rate * (served + sent)) / 1e6;
  return [
    `At ${number(rate)} a second through Envoy ${busy.toFixed(1)} of ${availableParallelism()} cores were busy, ${((rate * sent) / 1e6).toFixed(1)} of them with sending. With the sender on another machine these cores,`,
    `as busy, would carry ${number(Math.round(busy / (served / 1e6) / 100) * 100)} a second: reckoned, not measured.`,
  ].join("\n");
}

function sum(direct: readonly Turn[], envoy: readonly Turn[]): readonly string[] {
  const parts: readonly (readonly [string, (cpu: Cpu) => number])[] = [
    ["answering calls", ({ calls }) => calls],
    ["making reports and writing their results", ({ work, making }) => work + making],
    ["store", ({ store }) => store],
    ["Envoy", (cpu) => cpu.envoy],
    ["all", totalOf],
  ];
  const micros = (turns: readonly Turn[], of: (cpu: Cpu) => number) =>
    median(turns.map(({ microsUntilMade }) => of(microsUntilMade)));
  const cores = (each: number) => (each * sumPerSecond) / 1e6;
  const machines = (turns: readonly Turn[]) => Math.ceil(cores(micros(turns, totalOf)) / (machineCores * utilisation));
  const workedOff = median(envoy.map(({ workedOffS }) => workedOffS));
  return [
    `### The sum for ${number(sumPerSecond)} calls a second, with Envoy`,
    "",
    `From the turns at ${number(envoy[0]?.perSecond ?? 0)} a second, until all reports that were asked for were made, ${workedOff.toFixed(0)} s after the last call. At lower rates a call takes more, see above.`,
    "",
    "| | us of CPU a call, direct | cores | us of CPU a call, through Envoy | cores |",
    "|---|---|---|---|---|",
    ...parts.map(([title, of]) => {
      const columns = [direct, envoy].flatMap((turns) => {
        const each = micros(turns, of);
        return [each.toFixed(0), title === "all" ? `**${cores(each).toFixed(1)}**` : cores(each).toFixed(2)];
      });
      return `| ${[title, ...columns].join(" | ")} |`;
    }),
    "",
    `With each machine of ${machineCores} cores loaded to ${utilisation * 100} %: ${machines(direct)} machines direct, ${machines(envoy)} with Envoy, without TLS and the spare ones for a lost data center.`,
  ];
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
