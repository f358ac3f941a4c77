import { never } from "../lib/exhaustive.ts";
import type { FailureDigest } from "./failure-digest.ts";
import type { ControlPlaneNote } from "./follow-control-plane.ts";
import type { StageNote } from "./stage.ts";
import type { DemoEvent } from "./view.ts";
import { weightsFor, weightsText } from "./weights.ts";

export type DemoNote = StageNote | ControlPlaneNote | FailureDigest;

/** What the reader of the table is told of a note; undefined for those that the table shows anyway. */
export function eventOf(note: DemoNote): Omit<DemoEvent, "at"> | undefined {
  switch (note.kind) {
    case "control-plane-ready":
    case "first-servers-up":
    case "clients-started":
    case "load-reported":
      return undefined;
    case "traffic-flows":
      return { tone: "good", says: `traffic flows, ${seconds(note.afterMs)} after the start` };
    case "all-servers-up":
      return {
        tone: "good",
        says: `all ${note.servers} report servers are up, ${seconds(note.afterMs)} after the start`,
      };
    case "datacenter-started":
      return note.servers === 0
        ? undefined
        : { tone: "good", says: `${note.datacenter}: ${note.servers} servers started in ${seconds(note.tookMs)}` };
    case "datacenter-killed":
      return { tone: "bad", says: `${note.datacenter}: ${note.servers} servers killed` };
    case "datacenter-draining":
      return { tone: "plain", says: `${note.datacenter}: ${note.servers} servers are leaving` };
    case "datacenter-drained":
      return { tone: "plain", says: `${note.datacenter}: ${note.servers} servers left, in ${seconds(note.tookMs)}` };
    case "datacenter-failing":
      return { tone: "bad", says: `${note.datacenter}: answers ${note.fault.status} to ${note.fault.percent} %` };
    case "datacenter-healed":
      return { tone: "good", says: `${note.datacenter}: answers well again` };
    case "server-lost":
    case "part-lost":
      return {
        tone: "bad",
        says: `${note.child.name} ended (${note.exit.signal ?? note.exit.code}): see ${note.child.logFile}`,
      };
    case "changed": {
      const { revision, by, reason } = note.revision;
      const caller = { region: "dc-a", zone: "z1", subZone: "" };
      return {
        tone: "plain",
        says: `r${revision} by ${by}: ${weightsText(weightsFor(note.rows, caller))}${reason && ` (${reason})`}`,
      };
    }
    case "change-acked":
      return {
        tone: note.acked === note.of ? "good" : "bad",
        says: `r${note.revision} acked by ${note.acked}/${note.of} clients in ${seconds(note.tookMs)}`,
      };
    case "requests-failed": {
      const { client, method, status, details } = note.example;
      return { tone: "bad", says: `${note.count} requests failed, e.g. ${client} ${method}: ${status} ${details}` };
    }
    case "control-plane-silent":
      return { tone: "bad", says: `the control plane is away: ${note.cause.message}` };
    case "control-plane-back":
      return { tone: "good", says: "the control plane is back" };
    default:
      return never(note);
  }
}

/** `0.31 s`, `3.4 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1_000 ? 2 : 1)} s`;
}
