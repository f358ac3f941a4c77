import { quantile } from "../../kit/quantile.ts";

/** One load of one server. */
export type Read = {
  readonly server: "Weir" | "grpc-go" | "grpc-js";
  readonly kind: "get" | "watch" | "url" | "mix";
  /** 0: as fast as it answers. */
  readonly askedPerSecond: number;
  /** Of CPU for one call, of the server. */
  readonly micros: number;
  readonly p99Ms: number;
  readonly notOk: number;
};

export const readsHeading = "## Reads beside grpc-go";

const titles: Readonly<Record<Read["kind"], string>> = {
  get: "GetReport",
  watch: "WatchReport, finished",
  url: "GetDownloadUrl",
  mix: "all three, 55 to 10 to 10",
};

/** The page's section on reads: CPU of the three servers, and how many times grpc-go's ours is. */
export function readsSection(machine: string, rounds: number, reads: readonly Read[]): string {
  const rates = [...new Set(reads.map(({ askedPerSecond }) => askedPerSecond))];
  const kinds = [...new Set(reads.map(({ kind }) => kind))];
  const rows = rates.flatMap((rate) =>
    kinds.map((kind) => {
      const of = (server: Read["server"]) =>
        reads.filter((read) => read.server === server && read.kind === kind && read.askedPerSecond === rate);
      const [weir, go, bare] = [of("Weir"), of("grpc-go"), of("grpc-js")];
      const ratio = (one: readonly Read[]) => (micros(one) / micros(go)).toFixed(1);
      const p99 = [weir, go, bare].map((one) => median(one.map(({ p99Ms }) => p99Ms)).toFixed(1));
      const notOk = [...weir, ...go, ...bare].reduce((sum, read) => sum + read.notOk, 0);
      const asked = rate === 0 ? "full speed" : `${rate.toLocaleString("en")}/s`;
      const each = [weir, go, bare].map((one) => micros(one).toFixed(0));
      return `| ${[asked, titles[kind], ...each, `**${ratio(weir)}**`, ratio(bare), ...p99, notOk].join(" | ")} |`;
    }),
  );
  return [
    readsHeading,
    `Written by \`npm run load:reads\` on ${machine}: medians of ${rounds} rounds by turns in one run, CPU of the server's process for one call. All three servers answer the`,
    "same reports, each URL signed with HMAC-SHA256 when it is asked for; the grpc-go server and the grpc-js one do nothing else: they have the reports in a map, no",
    "store, tenants, limits, traces or metrics. Weir runs as one process on SQLite.",
    "",
    "| asked | read | Weir, us | grpc-go, us | bare grpc-js, us | Weir / grpc-go | grpc-js / grpc-go | p99 ms: Weir | grpc-go | grpc-js | not OK |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function micros(reads: readonly Read[]): number {
  return median(reads.map((read) => read.micros));
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
