import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rejectOneOfSix } from "../rejected/experiment.ts";
import { ours } from "../rejected/servers.ts";

// WEIR_REJECTED_SECONDS=60 is what is promised; the back-off grows, so that nearly all of it is in the first third.
const seconds = Number(process.env["WEIR_REJECTED_SECONDS"] ?? 16);

describe("one listener of six that Envoy cannot bind", { concurrency: true }, () => {
  for (const variant of ["sotw", "delta"] as const) {
    test(`${variant}: is sent ten times a minute at most, the others are served all the time, and it is when its port is free`, async (t) => {
      // Each interval is twice as long as the one before, so the next attempt is at most as far off as the first was ago.
      const { rejected, answers, failures, recoveredMs, reason, serverCpuS, envoyCpuS } = await rejectOneOfSix(
        ours,
        variant,
        { seconds, patienceMs: seconds * 1_000 + 5_000 },
      );
      assert.match(reason, /listener-0.*cannot bind.*Address already in use/);
      assert.ok(rejected >= 3 && rejected <= 10, `Envoy rejected it ${rejected} times in ${seconds} s`);
      assert.ok(answers > 0);
      assert.equal(failures, 0, `of ${answers + failures} requests to the other five`);
      assert.ok(recoveredMs !== undefined, "the listener is served after its port was freed");
      t.diagnostic(
        `rejected ${rejected} times in ${seconds} s; the other five answered ${answers} requests; recovered ${Math.round(recoveredMs)} ms ` +
          `after the port was free; CPU of the server ${serverCpuS.toFixed(2)} s, of Envoy ${envoyCpuS.toFixed(2)} s`,
      );
    });
  }
});
