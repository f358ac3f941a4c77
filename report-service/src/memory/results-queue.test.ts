import { provesResultsQueue } from "../../test/contract/results-queue.ts";
import { createMemoryResults } from "./results-queue.ts";

provesResultsQueue("in process", async (limits) => {
  const queue = createMemoryResults(limits);
  return { connect: async () => queue, durable: false, [Symbol.asyncDispose]: async () => undefined };
});
