// For node --import: says of every half second how many bytes lay in the young generation before its scavenges, and how many
// of them these moved to the old one.
import { GCProfiler } from "node:v8";

type Spaces = readonly { readonly spaceName: string; readonly spaceUsedSize: number }[];

let profiler = begin();
setInterval(() => {
  const { statistics } = profiler.stop();
  profiler = begin();
  const sum = { young: 0, promoted: 0 };
  for (const { gcType, beforeGC, afterGC } of statistics) {
    if (gcType !== "Scavenge") continue;
    sum.young += used(beforeGC.heapSpaceStatistics, "new_space");
    sum.promoted += used(afterGC.heapSpaceStatistics, "old_space") - used(beforeGC.heapSpaceStatistics, "old_space");
  }
  if (sum.young > 0) process.stdout.write(`${JSON.stringify({ scavenged: sum })}\n`);
}, 500).unref();

function begin(): GCProfiler {
  const started = new GCProfiler();
  started.start();
  return started;
}

function used(spaces: Spaces, name: string): number {
  return spaces.find(({ spaceName }) => spaceName === name)?.spaceUsedSize ?? 0;
}
