import { z } from "zod";
import { time } from "./shapes.ts";

export const reportStates = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"] as const;
export const reportFormats = ["CSV", "JSON", "NDJSON", "PARQUET", "PDF", "XLSX"] as const;

const reportError = z.object({ message: z.string(), reason: z.string().optional() });

/** A report as the operator API tells it. */
export const reportShape = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  state: z.enum(reportStates),
  priority: z.enum(["INTERACTIVE", "STANDARD", "BULK"]),
  createTime: time.optional(),
  startTime: time.optional(),
  endTime: time.optional(),
  expireTime: time.optional().meta({ description: "When its bytes will be gone" }),
  homeDatacenter: z.string(),
  progress: z
    .object({
      percent: z.number(),
      stage: z.string(),
      rows: z.number(),
      queuePosition: z.number().optional().meta({ description: "Among those of its tenant, cluster and priority" }),
    })
    .optional(),
  artifacts: z.array(
    z.object({ format: z.enum(reportFormats), sizeBytes: z.number(), rowCount: z.number(), mediaType: z.string() }),
  ),
  attempts: z.array(
    z.object({
      number: z.number().int(),
      worker: z.string(),
      workerCluster: z.string(),
      datacenter: z.string(),
      startTime: time.optional(),
      endTime: time.optional(),
      error: reportError.optional(),
    }),
  ),
  error: reportError.optional(),
  etag: z.string(),
});

export const timelineStep = z.object({
  time,
  step: z.enum(["queued", "claimed", "query", "render", "recorded", "failed", "cancelled", "expired"]),
  attempt: z.number().int().optional(),
  says: z.string(),
});

export const reportDetail = reportShape.extend({
  parameters: z.looseObject({}).meta({ description: "Without those that its kind marks as sensitive" }),
  labels: z.record(z.string(), z.string()),
  timeline: z.array(timelineStep).meta({
    description: "What happened to it. Stages that took less than half a second are not told apart",
  }),
});

const queueCounts = {
  waiting: z.number(),
  oldestSeconds: z.number().optional().meta({ description: "Absent: nothing waits" }),
  running: z.number().optional().meta({ description: "Absent: the store does not count them" }),
};

export const queueShape = z.object({
  cluster: z.string(),
  ...queueCounts,
  workers: z.number().int(),
  busy: z.number().int(),
  servers: z.number().int().meta({ description: "That have workers for it, of those that answered" }),
  circuits: z.array(
    z.object({
      server: z.string(),
      kind: z.string().optional().meta({ description: "Absent: the whole cluster" }),
      why: z.string(),
      retrySeconds: z.number().optional().meta({ description: "Absent: a report tries it now" }),
    }),
  ),
  datacenters: z
    .array(z.object({ datacenter: z.string(), ...queueCounts }))
    .meta({ description: "As its servers count; data centers that share a store count the same" }),
});

export const queuesShape = z.object({
  queues: z
    .array(queueShape)
    .meta({ description: "Counts of all tenants: the largest that a data center tells, as they may share a store" }),
  servers: z.array(z.string()).meta({ description: "Who answered" }),
  silent: z.array(z.object({ address: z.string(), why: z.string() })).meta({ description: "Who did not" }),
});

export type ToldReport = z.output<typeof reportShape>;
export type ReportDetail = z.output<typeof reportDetail>;
export type TimelineStep = z.output<typeof timelineStep>;
export type ToldQueue = z.output<typeof queueShape>;
export type ToldQueues = z.output<typeof queuesShape>;
