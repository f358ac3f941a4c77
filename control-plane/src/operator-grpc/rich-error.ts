import { create, fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import type { ErrorBody, ErrorDetail } from "../operator/api-error.ts";

// Errors travel in headers, and clients of Java and C++ take 8 KiB of them: a larger one would reach nobody. Base64 adds a third.
const mostDetailBytes = 3_000;
const mostMessageCharacters = 1_000;

/** A google.rpc.Status as the REST API answers it, as what grpc-js sends: with `grpc-status-details-bin`. */
export function richError(
  { status: name, message, details }: Pick<ErrorBody["error"], "status" | "message" | "details">,
  retryAfterSeconds?: number,
): ServiceError {
  const code = status[name];
  const short = message.length > mostMessageCharacters ? `${message.slice(0, mostMessageCharacters)}…` : message;
  const packed = [...details.map(detailOf), ...(retryAfterSeconds === undefined ? [] : [retryInfo(retryAfterSeconds)])];
  const metadata = new Metadata();
  const rich = toBinary(StatusSchema, create(StatusSchema, { code, message: short, details: packed }));
  metadata.set("grpc-status-details-bin", Buffer.from(rich));
  return { name: "OperatorError", code, message: short, details: short, metadata };
}

/** The same for what never reaches a route. */
export function refusedCall(
  name: ErrorBody["error"]["status"],
  reason: string,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
): ServiceError {
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "weir", metadata } as const;
  return richError({ status: name, message, details: [info] });
}

function detailOf(detail: ErrorDetail): Any {
  if ("reason" in detail) {
    const { "@type": _, ...info } = detail;
    return anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { ...info, metadata: { ...info.metadata } }));
  }
  let left = mostDetailBytes;
  const violations = detail.fieldViolations.map(({ field, description, line, column }) => ({
    field: field.slice(0, 300),
    description: `${description.slice(0, 600)}${line === undefined ? "" : ` (${line}:${column})`}`,
  }));
  const end = violations.findIndex(({ field, description }) => {
    left -= Buffer.byteLength(field) + Buffer.byteLength(description);
    return left < 0;
  });
  const told = end === -1 ? violations : violations.slice(0, Math.max(1, end));
  const more = violations.length - told.length;
  const all = more === 0 ? told : [...told, { field: "", description: `and ${more} more problems like these` }];
  return anyPack(BadRequestSchema, fromJson(BadRequestSchema, { fieldViolations: all } as JsonObject));
}

function retryInfo(seconds: number): Any {
  return anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: BigInt(seconds), nanos: 0 } }));
}
