import { setFlagsFromString } from "node:v8";

/**
 * Has V8 weigh buffers like the rest of the heap when it decides when to collect, and wait until both have tripled. By itself
 * it begins a full collection after every 64 MB of buffers, however short they lived (V8 13.6, Node 24), and at less than
 * double the heap. State-of-the-world clients repeat all their names in each ACK: at 100 clients of 5,000 names or 1,000 of
 * 1,000 that was a full collection for nearly every change, and half of the processor time (0.079 s a change, with the first
 * flag 0.041 s, with both 0.023 s; and 0.135 s, 0.089 s, 0.073 s). Memory is given up to the same limits as before, and
 * measured the same. A V8 that does not know a flag says so on stderr, no more.
 */
export function weighBuffersAsHeap(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString("--heap-growing-percent=200");
}
