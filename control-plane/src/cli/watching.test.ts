import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestCli } from "./testing.ts";

const service = (name: string) =>
  `apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: ${name}}\nspec: {protocol: GRPC, endpoints: [{registry: {}}]}\n`;

test("what is watched is shown again when it changes, until it is interrupted", async () => {
  await using weir = await startTestCli();
  await weir.pipe(service("report"), "apply", "-f", "-");
  const stop = new AbortController();
  const seen = { out: "" };
  const watched = weir.follow(seen, stop.signal, "get", "services", "-o", "name", "--watch");
  await weir.until(async () => seen.out === "services/report\n");
  await weir.pipe(service("other"), "apply", "-f", "-");
  await weir.until(async () => seen.out === "services/report\nservices/other\nservices/report\n");
  stop.abort();
  assert.equal(await watched, 0);
});

test("traffic and status can be watched too", async () => {
  await using weir = await startTestCli();
  await weir.pipe(service("report"), "apply", "-f", "-");
  for (const [args, wanted] of [
    [["traffic", "get"], /^SERVICE +FROM/],
    [["status"], /^PART +STATE/],
  ] as const) {
    const stop = new AbortController();
    const seen = { out: "" };
    const watched = weir.follow(seen, stop.signal, ...args, "--watch");
    await weir.until(async () => wanted.test(seen.out));
    stop.abort();
    await watched;
  }
});
