import assert from "node:assert/strict";
import { test } from "node:test";
import { type ControlPlaneNote, followControlPlane } from "./follow-control-plane.ts";
import type { OperatorApi } from "./operator-api.ts";

const at = "2026-01-01T10:00:00.000Z";
const acked = { status: "SYNCED", since: "2026-01-01T10:00:00.090Z" };
const older = { status: "SYNCED", since: "2026-01-01T09:00:00.000Z" };

/** Follows a control plane whose answers to /v1/traffic are these revisions, one after another; "down" is no answer. */
async function follow(answers: readonly (number | "down")[]): Promise<readonly ControlPlaneNote[]> {
  const stop = new AbortController();
  const left = [...answers];
  const api: OperatorApi = {
    async traffic() {
      const revision = left.shift();
      if (left.length === 0) stop.abort();
      if (revision === undefined || revision === "down") throw new Error("connection refused");
      return { revision, rows: [] };
    },
    newestRevision: async () => ({ revision: 2, at, by: "ana", reason: "" }),
    reportQueues: async () => [],
    settled: async () => ({ acked: 2, of: 2 }),
    clients: async () => [
      { nodeId: "edge-a", types: { CDS: older, EDS: acked, LDS: older, RDS: older } },
      { nodeId: "edge-b", types: { CDS: older, EDS: older, LDS: older, RDS: older } },
    ],
  };
  const notes: ControlPlaneNote[] = [];
  await followControlPlane(
    api,
    { onTraffic: () => undefined, observe: (note) => notes.push(note), everyMs: 1 },
    stop.signal,
  );
  return notes;
}

test("a change is told once, with the time from it to the last ACK by the server's own clock", async () => {
  const notes = await follow([1, 1, 2, 2, 2]);
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["changed", "change-acked"],
  );
  assert.deepEqual(notes[1], { kind: "change-acked", revision: 2, acked: 2, of: 2, tookMs: 90 });
});

test("a control plane that is away is told once, and so is its return", async () => {
  const notes = await follow([1, "down", "down", 1, 1]);
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["control-plane-silent", "control-plane-back"],
  );
});
