// Runs the test files that its parent names, and tells it what came of them.
import { once } from "node:events";
import { runFiles } from "./run-files.mjs";

const stopped = new AbortController();
process.once("SIGTERM", () => stopped.abort());
const [files] = await once(process, "message");
// The next message says that nothing else runs any more.
const later = { concurrency: 3, from: once(process, "message") };
const outcome = await runFiles(files, { concurrency: 1, signal: stopped.signal, later });
process.send?.(outcome);
process.disconnect();
