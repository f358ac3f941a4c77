import { quantile } from "../../kit/quantile.ts";
import { cpuOfTrees } from "../report-cost/process-tree.ts";

/** Milliseconds of CPU of this process and, where the store is one of its own, of the store's: what else is done on the machine is not what grows. */
export type Meter = {
  /** Of one call out of `times`, which are made one after the other. */
  each(times: number, call: (index: number) => Promise<unknown>): Promise<number>;
  /** Of all that `work` does. */
  all(work: () => Promise<unknown>): Promise<number>;
};

// Calls that take long need not be many.
const enoughMs = 10_000;

/** Each call by itself; the median tells nothing of the collector's and the compiler's work. */
export const meterOfProcess: Meter = {
  async each(times, call) {
    const taken: number[] = [];
    const endMs = performance.now() + enoughMs;
    for (let index = 0; index < times && performance.now() < endMs; index += 1) {
      taken.push(await ownCpu(() => call(index)));
    }
    return quantile(taken, 0.5);
  },
  all: ownCpu,
};

/**
 * With all below the process `storePid`. Linux tells of another process in hundredths of a second only, so the calls are
 * taken together, and with them what the store does by itself meanwhile.
 */
export function meterWith(storePid: number): Meter {
  async function all(work: () => Promise<unknown>): Promise<number> {
    const before = await storeMs();
    const own = await ownCpu(work);
    return own + (await storeMs()) - before;
  }
  async function storeMs(): Promise<number> {
    const [store] = await cpuOfTrees([storePid]);
    return ((store?.own ?? 0) + (store?.below ?? 0)) * 1_000;
  }
  return {
    all,
    async each(times, call) {
      let made = 0;
      const spent = await all(async () => {
        for (const endMs = performance.now() + enoughMs; made < times && performance.now() < endMs; made += 1)
          await call(made);
      });
      return spent / made;
    },
  };
}

async function ownCpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
