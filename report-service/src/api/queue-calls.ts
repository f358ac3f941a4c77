import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Handlers } from "@weir/proto/grpc/service.ts";
import {
  CircuitSchema,
  ListQueuesResponseSchema,
  type Queue,
  QueueSchema,
  type Results,
} from "@weir/proto/report/v1/report_pb.ts";
import type { OpenCircuit } from "../model/circuit.ts";
import { type Language, languages } from "../model/kind.ts";
import { kindName } from "../model/names.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobQueue } from "../ports/job-queue.ts";
import type { Answering } from "./handlers.ts";

/** What the workers of this server do for a cluster. */
export type WorkersHere = {
  readonly workers: number;
  readonly busy: number;
  readonly circuits: readonly OpenCircuit[];
};

export type QueueParts = {
  readonly queue: Pick<JobQueue, "length" | "running">;
  readonly clock: Clock;
  /** Undefined where this server has no workers for it. */
  readonly workersOf: (cluster: Language) => WorkersHere | undefined;
};

/** The call about all queues. */
export function createQueueCalls(
  { queue, clock, workersOf }: QueueParts,
  unary: Answering["unary"],
): Pick<Handlers<typeof Results>, "listQueues"> {
  async function queueOf(cluster: Language, nowMs: number): Promise<Queue> {
    const [{ queued, oldestQueuedAtMs }, running] = await Promise.all([
      queue.length(cluster),
      queue.running?.(cluster),
    ]);
    const { workers, busy, circuits } = workersOf(cluster) ?? { workers: 0, busy: 0, circuits: [] };
    return create(QueueSchema, {
      workerCluster: cluster,
      waiting: BigInt(queued),
      ...(oldestQueuedAtMs !== undefined && { oldestWait: durationFromMs(Math.max(0, nowMs - oldestQueuedAtMs)) }),
      ...(running !== undefined && { running: BigInt(running) }),
      workers,
      busyWorkers: busy,
      circuits: circuits.map(({ kind, why, retryAfterMs }) =>
        create(CircuitSchema, {
          kind: kind === undefined ? "" : kindName(kind),
          why,
          ...(retryAfterMs > 0 && { retryAfter: durationFromMs(Math.round(retryAfterMs)) }),
        }),
      ),
    });
  }

  return {
    listQueues: unary(async () => {
      const nowMs = clock.now();
      const queues = await Promise.all([...languages].sort().map((cluster) => queueOf(cluster, nowMs)));
      return create(ListQueuesResponseSchema, { queues });
    }),
  };
}
