import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Queue } from "@weir/proto/report/v1/report_pb.ts";
import { ageText } from "../../lib/age.ts";
import type { Cell } from "../table.ts";

export const queueColumns = ["CLUSTER", "WAITING", "OLDEST", "RUNNING", "WORKERS", "CIRCUIT"];

/** One line about a worker cluster's queue. */
export function queueRow({ workerCluster, waiting, oldestWait, running, workers, busyWorkers, circuits }: Queue) {
  const circuit: Cell = circuits.length === 0 ? "closed" : { text: `${circuits.length} open`, style: "red" };
  return [
    workerCluster,
    String(waiting),
    oldestWait === undefined ? "-" : ageText(durationMs(oldestWait)),
    running === undefined ? "?" : String(running),
    workers === 0 ? "none here" : `${busyWorkers}/${workers}`,
    workers === 0 ? "-" : circuit,
  ];
}

/** `sql: reportKinds/wide is not made: it broke (tried again in 5s)` */
export function circuitLines({ workerCluster, circuits }: Queue): readonly string[] {
  return circuits.map(({ kind, why, retryAfter }) => {
    const when = retryAfter === undefined ? "one tries it now" : `tried again in ${ageText(durationMs(retryAfter))}`;
    return `${workerCluster}: ${kind === "" ? "nothing" : kind} is not made: ${why} (${when})`;
  });
}
