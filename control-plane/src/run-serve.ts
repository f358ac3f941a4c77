import { weighBuffersAsHeap } from "./buffers-as-heap.ts";
import { readConfigInput } from "./config/read-config-input.ts";
import { parseConfig } from "./config.ts";
import { runControlPlane } from "./control-plane.ts";
import { problemText } from "./lib/parsed.ts";
import { version } from "./version.ts";

type Process = Pick<NodeJS.Process, "env" | "stdout" | "stderr">;

/** `weir serve`: reads the configuration and runs until the signal aborts. Exit codes: 0 ended as asked, 2 could not run. */
export async function runServe(
  options: Readonly<Record<string, unknown>>,
  { env, stdout, stderr }: Process,
  signal: AbortSignal,
): Promise<number> {
  const input = await readConfigInput({ options, env });
  const config = input.ok ? parseConfig(input.value) : input;
  if (!config.ok) {
    for (const problem of config.problems) stderr.write(`error: ${problemText(problem)}\n`);
    return 2;
  }
  weighBuffersAsHeap();
  try {
    await runControlPlane(
      config.value,
      { version, stderr, ready: (ready) => stdout.write(`${JSON.stringify(ready)}\n`) },
      signal,
    );
    return 0;
  } catch (thrown) {
    stderr.write(`error: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    return 2;
  }
}
