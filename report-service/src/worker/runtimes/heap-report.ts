import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

// V8 ends a process whose heap is full by SIGABRT, as a crash does; Node writes down which it was.
const fileName = "fatal.json";

/** Node's arguments for a process that leaves a report in `directory` when its heap is full. */
export function heapReportFlags(directory: string): readonly string[] {
  // To name the machine's addresses it would ask a resolver, and what its environment holds is nobody's business.
  const without = ["--report-compact", "--report-exclude-network", "--report-exclude-env"];
  return ["--report-on-fatalerror", ...without, `--report-directory=${directory}`, `--report-filename=${fileName}`];
}

/** Whether this process ended because its heap was full. */
export function endedByFullHeap(directory: string, pid: number | undefined): boolean {
  const path = join(directory, fileName);
  try {
    const { header } = JSON.parse(readFileSync(path, "utf8")) as {
      readonly header: { readonly trigger: string; readonly processId: number };
    };
    rmSync(path);
    return header.trigger === "OOMError" && header.processId === pid;
  } catch {
    // There is none, or it is not whole: it was something else, or cannot be told.
    return false;
  }
}
