import { provesResultsQueue } from "../../test/contract/results-queue.ts";
import { ownClock } from "../ports/clock.ts";
import { createMemoryResults } from "./results-queue.ts";

provesResultsQueue("in process", async (limits) => {
  const queue = createMemoryResults(ownClock, limits);
  return { connect: async () => queue, durable: false, [Symbol.asyncDispose]: async () => undefined };
});
