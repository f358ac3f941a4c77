import { readFile } from "node:fs/promises";
import { makeFolder } from "../kit/folder.ts";
import { lastWords, startProcess } from "../kit/process.ts";

/** What the load client tells, as far as it is read here. */
export type SwarmReport = {
  readonly ok: boolean;
  readonly errors: number;
  readonly error_texts?: readonly string[];
  readonly storms: readonly Phase[];
  readonly idle?: Phase;
  readonly rounds?: readonly (Phase & { readonly warmup?: boolean })[];
  readonly overall?: {
    readonly from_start: Spread;
    readonly bytes_per_stream_per_change: number;
    readonly server_cpu_s_per_change: number;
    readonly other_cpu_share: number;
  };
  readonly reconnects?: readonly Phase[];
};

export type Spread = { readonly p50: number; readonly p99: number; readonly max: number; readonly mean: number };

export type Phase = {
  readonly wall_ms: number;
  readonly missing: number;
  readonly from_start: Spread;
  readonly bytes_per_stream: Spread;
  readonly responses_per_stream: Spread;
  readonly resources_per_stream: number;
  readonly server?: {
    readonly cpu_s: number;
    readonly rss_before: number;
    readonly rss_after: number;
    readonly rss_peak_so_far: number;
  };
  readonly other_cpu_share: number;
};

/** To be called while the load client stands connected: after the storm, and after so many rounds. */
export type Moments = {
  readonly afterStorm?: () => Promise<void>;
  readonly afterRound?: readonly (readonly [number, () => Promise<void>])[];
};

/** Runs the load client to its end. A run in which a stream failed is reported, not thrown: it is a result. */
export async function runSwarm(
  swarm: string,
  args: readonly string[],
  { afterStorm, afterRound = [] }: Moments = {},
): Promise<SwarmReport> {
  await using folder = await makeFolder("swarm");
  const file = `${folder.path}/report.json`;
  await using child = startProcess({ name: "swarm", command: swarm, args: [...args, "-out", file] });
  // A run that ends without having got there is told by its exit.
  const heard = (begins: RegExp, then: () => Promise<void>) => child.line(begins, 600_000).then(then, () => undefined);
  if (afterStorm !== undefined) heard(/^storm 1:/, afterStorm);
  for (const [round, then] of afterRound) heard(new RegExp(`^round ${round}:`), then);
  const { code } = await child.exit;
  if (code !== 0 && code !== 1) throw new Error(`the load client ended with ${code}\n${lastWords(child)}`);
  return JSON.parse(await readFile(file, "utf8"));
}
