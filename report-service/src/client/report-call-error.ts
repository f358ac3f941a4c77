import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";

/** Which server gave an answer; empty where none did. */
export type AnsweredBy = { readonly server: string; readonly locality: string };
/** A call that did not end in OK, with what its google.rpc.Status tells. */
export class ReportCallError extends Error {
  readonly code: status;
  /** The reason of its google.rpc.ErrorInfo, such as QUEUE_FULL. */
  readonly reason: string | undefined;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs: number | undefined;
  readonly by: AnsweredBy;

  constructor(answer: Pick<StatusObject, "code" | "details" | "metadata">, by: AnsweredBy) {
    super(`${status[answer.code]}: ${answer.details}`);
    const details = detailsOf(answer.metadata);
    this.code = answer.code;
    this.reason = details.reason;
    this.violations = details.violations;
    this.retryAfterMs = details.retryAfterMs;
    this.by = by;
  }
}

/** Who answered, by the response's metadata. */
export function answeredBy(metadata: Metadata | undefined): AnsweredBy | undefined {
  const [server] = metadata?.get("x-weir-server") ?? [];
  const [locality] = metadata?.get("x-weir-locality") ?? [];
  return server === undefined ? undefined : { server: String(server), locality: String(locality ?? "") };
}

function detailsOf(metadata: Metadata | undefined) {
  const [bytes] = metadata?.get("grpc-status-details-bin") ?? [];
  const details = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
  const retry = firstOf(details, RetryInfoSchema)?.retryDelay;
  return {
    reason: firstOf(details, ErrorInfoSchema)?.reason,
    violations: firstOf(details, BadRequestSchema)?.fieldViolations ?? [],
    retryAfterMs: retry && Number(retry.seconds) * 1000 + retry.nanos / 1_000_000,
  };
}

function firstOf<D extends DescMessage>(
  details: Parameters<typeof anyUnpack>[0][],
  schema: D,
): MessageShape<D> | undefined {
  return details.map((detail) => anyUnpack(detail, schema)).find((message) => message !== undefined);
}
