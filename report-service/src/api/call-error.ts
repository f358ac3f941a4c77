import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack, type DurationSchema } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import type { Problem } from "../model/parsed.ts";

/** Who defines the reasons in our google.rpc.ErrorInfo. */
export const errorDomain = "report.v1";

/** An answer that is an error, with the google.rpc details a client can act on. */
export class CallError extends Error {
  readonly code: status;
  readonly details: readonly Any[];

  constructor(code: status, message: string, details: readonly Any[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export function notFound(name: string): CallError {
  return new CallError(status.NOT_FOUND, `there is no ${name || "report without a name"}`);
}

/** INVALID_ARGUMENT that lists every problem as a field violation. */
export function invalid(problems: readonly Problem[]): CallError {
  const fieldViolations = problems.map(({ at, says }) => ({ field: at, description: `${at} ${says}` }));
  return new CallError(status.INVALID_ARGUMENT, fieldViolations.map(({ description }) => description).join("; "), [
    detail(BadRequestSchema, { fieldViolations }),
    errorInfo("PARAMETER_INVALID"),
  ]);
}

/** A google.rpc.ErrorInfo of our domain. */
export function errorInfo(reason: string, metadata: Readonly<Record<string, string>> = {}): Any {
  return detail(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...metadata } });
}

export function retryInfo(delayMs: number): Any {
  return detail(RetryInfoSchema, { retryDelay: durationOf(delayMs) });
}

/** What grpc-js sends for a thrown error; one that nobody expected tells the client nothing about us. */
export function serviceErrorOf(error: unknown): ServiceError {
  const { code, message, details } =
    error instanceof CallError ? error : new CallError(status.INTERNAL, "an unexpected error; the server's log has it");
  const metadata = new Metadata();
  if (details.length > 0) {
    const rich = create(StatusSchema, { code, message, details: [...details] });
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, rich)));
  }
  return { name: "CallError", code, message, details: message, metadata };
}

function durationOf(milliseconds: number): MessageInitShape<typeof DurationSchema> {
  return { seconds: BigInt(Math.floor(milliseconds / 1000)), nanos: (milliseconds % 1000) * 1_000_000 };
}

function detail<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}
