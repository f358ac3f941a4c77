import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Queue } from "@weir/proto/report/v1/report_pb.ts";
import type { ToldQueue } from "../operator/report-shapes.ts";

/** What one server of the report service told of the queues. */
export type QueuesOfServer = {
  readonly server: string;
  readonly datacenter: string;
  readonly queues: readonly Queue[];
};

type Counts = Pick<ToldQueue, "waiting" | "oldestSeconds" | "running">;

/**
 * One line for each worker cluster. Workers add up; what waits is counted in the store, which data centers may share or not,
 * so that the largest count stands for all and each data center's beside it.
 */
export function toldQueues(answers: readonly QueuesOfServer[]): readonly ToldQueue[] {
  const clusters = [
    ...new Set(answers.flatMap(({ queues }) => queues.map(({ workerCluster }) => workerCluster))),
  ].sort();
  return clusters.map((cluster) => {
    const told = answers.flatMap(({ server, datacenter, queues }) => {
      const queue = queues.find(({ workerCluster }) => workerCluster === cluster);
      return queue ? [{ server, datacenter, queue }] : [];
    });
    const datacenters = [...Map.groupBy(told, ({ datacenter }) => datacenter)].map(([datacenter, all]) => ({
      datacenter,
      ...largest(all.map(({ queue }) => countsOf(queue))),
    }));
    return {
      cluster,
      ...largest(datacenters),
      workers: sum(told.map(({ queue }) => queue.workers)),
      busy: sum(told.map(({ queue }) => queue.busyWorkers)),
      servers: told.filter(({ queue }) => queue.workers > 0).length,
      circuits: told.flatMap(({ server, queue }) =>
        queue.circuits.map(({ kind, why, retryAfter }) => ({
          server,
          ...(kind !== "" && { kind: kind.replace(/^reportKinds\//, "") }),
          why,
          ...(retryAfter && { retrySeconds: durationMs(retryAfter) / 1000 }),
        })),
      ),
      datacenters: datacenters.sort((a, b) => (a.datacenter < b.datacenter ? -1 : 1)),
    };
  });
}

function countsOf({ waiting, oldestWait, running }: Queue): Counts {
  return {
    waiting: Number(waiting),
    ...(oldestWait && { oldestSeconds: durationMs(oldestWait) / 1000 }),
    ...(running !== undefined && { running: Number(running) }),
  };
}

function largest(all: readonly Counts[]): Counts {
  const ages = all.flatMap(({ oldestSeconds }) => (oldestSeconds === undefined ? [] : [oldestSeconds]));
  const running = all.flatMap((each) => (each.running === undefined ? [] : [each.running]));
  return {
    waiting: Math.max(0, ...all.map(({ waiting }) => waiting)),
    ...(ages.length > 0 && { oldestSeconds: Math.max(...ages) }),
    ...(running.length > 0 && { running: Math.max(...running) }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
