import type { FigureName } from "./measure.ts";

/** What a cell is to show: `ratio` to theirs, or ours alone, or ours to ours in another cell; at most so much. */
export type Goal = { readonly cell: string; readonly figure: FigureName; readonly atMost: number } & (
  | { readonly of: "ratio" }
  | { readonly of: "ours" }
  | { readonly of: "ratio-to-cell"; readonly other: string }
);

const both = ["sotw", "delta"] as const;

/** The engine's goals. Ratios are ours to the best of go-control-plane's caches that was measured in the same run. */
export const goals: readonly Goal[] = [
  ...both.flatMap((variant): readonly Goal[] => {
    const [hundred, thousand, many] = [`${variant}:1000:100:10`, `${variant}:1000:1000:10`, `${variant}:100:5000:10`];
    return [
      { cell: hundred, figure: "cpuPerChangeS", of: "ratio", atMost: 0.5 },
      { cell: thousand, figure: "cpuPerChangeS", of: "ratio", atMost: 0.08 },
      { cell: many, figure: "cpuPerChangeS", of: "ratio", atMost: 0.04 },
      { cell: many, figure: "cpuPerChangeS", of: "ratio-to-cell", other: `${variant}:100:100:10`, atMost: 1.3 },
      { cell: thousand, figure: "p99Ms", of: "ratio", atMost: 0.3 },
      { cell: thousand, figure: "stormCpuS", of: "ratio", atMost: 1 },
      { cell: thousand, figure: "stormMs", of: "ratio", atMost: 1 },
      { cell: thousand, figure: "bytesPerChange", of: "ratio", atMost: 1 },
      { cell: thousand, figure: "rssMiB", of: "ratio", atMost: 0.6 },
      { cell: hundred, figure: "idleStreamKiB", of: "ours", atMost: 100 },
      { cell: `${thousand}:held`, figure: "changeHeldMs", of: "ours", atMost: 20 },
    ];
  }),
  { cell: "delta:5000:100:10", figure: "failed", of: "ours", atMost: 0 },
  { cell: "delta:5000:100:10", figure: "p99Ms", of: "ours", atMost: 1_500 },
  { cell: "delta:5000:100:10", figure: "rssMiB", of: "ours", atMost: 700 },
  { cell: "delta:5000:100:10", figure: "idleStreamKiB", of: "ours", atMost: 100 },
  { cell: "delta:5000:100:10:held", figure: "changeHeldMs", of: "ours", atMost: 20 },
  { cell: "delta:1000:1000:10:reconnect", figure: "reconnectResources", of: "ours", atMost: 0 },
  { cell: "delta:1000:1000:10:reconnect", figure: "reconnectCpuS", of: "ratio", atMost: 0.5 },
  { cell: "sotw:1000:1000:10:reconnect", figure: "reconnectResources", of: "ours", atMost: 2_000 },
];
