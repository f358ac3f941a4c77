import assert from "node:assert/strict";
import { test } from "node:test";
import { clientGroups, withEveryKind } from "./client-groups.ts";
import { effectiveOn } from "./effective-on.ts";
import { effectiveWords } from "./effective-words.ts";

test("clients that do not obey are counted over their versions, and those that are not there say nothing", () => {
  const node = ["1.13.0", "1.14.0", "1.14.1"].map((version) => `gRPC Node Pure JS ${version}`);
  const clients = withEveryKind(clientGroups([...node, "gRPC Go 1.85.0", "envoy 1.40.0"]));
  const spec = { targetRefs: [{ name: "report" }], loadBalancer: { type: "RoundRobin", slowStart: { window: "30s" } } };
  const words = effectiveWords(effectiveOn({ kind: "TrafficPolicy", spec }, clients));
  assert.deepEqual(
    words.filter((text) => text.includes("slowStart")),
    [
      "1 gRPC Go client ignores loadBalancer.slowStart: a new endpoint gets its full share at once",
      "3 gRPC Node clients ignore loadBalancer.slowStart: a new endpoint gets its full share at once",
    ],
  );
});
