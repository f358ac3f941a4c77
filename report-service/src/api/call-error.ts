import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@weir/proto/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import type { Problem } from "../model/parsed.ts";
import { HomeUnavailable } from "../ports/home-unavailable.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";

/** Who defines the reasons in our google.rpc.ErrorInfo. */
const errorDomain = "report.v1";

/** An answer that is an error, with the google.rpc details a client can act on. */
export class CallError extends Error {
  readonly code: status;
  readonly details: readonly Any[];

  /** `details` hold at least a google.rpc.ErrorInfo, so that a program can tell what a person reads in `message`. */
  constructor(code: status, message: string, details: readonly [Any, ...Any[]]) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export function notFound(name: string): CallError {
  const asked = name === "" ? "report without a name" : shown(name);
  return new CallError(status.NOT_FOUND, `there is no ${asked}`, [errorInfo("NOT_FOUND")]);
}

/** INVALID_ARGUMENT that lists every problem as a field violation; of very many the first, and how many more there are. */
export function invalid(problems: readonly Problem[]): CallError {
  const fieldViolations = withinHeaders(problems).map(({ at, says }) => ({ field: at, description: `${at} ${says}` }));
  return new CallError(status.INVALID_ARGUMENT, fieldViolations.map(({ description }) => description).join("; "), [
    detail(BadRequestSchema, { fieldViolations }),
    errorInfo("PARAMETER_INVALID"),
  ]);
}

// Errors travel in headers, each of their texts four times its length by then, and clients of Java take 8 KiB of headers
// (`maxInboundMetadataSize`): a larger error would reach nobody.
const textBytes = 1_800;

function withinHeaders(problems: readonly Problem[]): readonly Problem[] {
  let left = textBytes;
  const end = problems.findIndex(({ at, says }) => {
    left -= encodeURIComponent(`${at} ${says}`.toWellFormed()).length;
    return left < 0;
  });
  if (end === -1) return problems;
  const listed = problems.slice(0, Math.max(1, end)).map(({ at, says }) => ({ at, says: shortened(says) }));
  const more = problems.length - listed.length;
  return more === 0 ? listed : [...listed, { at: "request", says: `has ${more} more problems like these` }];
}

function shortened(says: string): string {
  return says.length > textBytes / 3 ? `${says.slice(0, textBytes / 3)}…` : says;
}

/** FAILED_PRECONDITION: the report is in a state in which this cannot be done. */
export function notNow(reason: string, message: string, state: string): CallError {
  return new CallError(status.FAILED_PRECONDITION, message, [errorInfo(reason, { state })]);
}

/** ABORTED, as https://google.aip.dev/154 has it: the report has changed since the client saw it. */
export function etagMismatch(name: string): CallError {
  return new CallError(status.ABORTED, `${name} has changed since you read it; read it again`, [
    errorInfo("ETAG_MISMATCH"),
  ]);
}

/** An error as the google.rpc.Status of one item among several. */
export function statusMessageOf({ code, message, details }: CallError): Status {
  return create(StatusSchema, { code, message, details: [...details] });
}

// grpc-message is a header: it must stay short, and say what cannot be seen.
const shownCharacters = 200;

/** What a client sent, as it may stand in an error: short, and without what a terminal or a log would obey. */
export function shown(text: string): string {
  const short = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}… (${text.length} characters)` : text;
  return short.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (odd) => `\\u{${odd.codePointAt(0)?.toString(16)}}`);
}

/** A google.rpc.ErrorInfo of our domain. */
export function errorInfo(reason: string, metadata: Readonly<Record<string, string>> = {}): Any {
  return detail(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...metadata } });
}

export function retryInfo(delayMs: number): Any {
  return detail(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(delayMs)) });
}

/** What grpc-js sends for a thrown error; one that nobody expected tells the client nothing about us. */
export function serviceErrorOf(error: unknown): ServiceError {
  const { code, message, details } = callErrorOf(error);
  const metadata = new Metadata();
  if (details.length > 0) {
    const rich = create(StatusSchema, { code, message, details: [...details] });
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, rich)));
  }
  return { name: "CallError", code, message, details: message, metadata };
}

function callErrorOf(error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (error instanceof HomeUnavailable) {
    return new CallError(status.UNAVAILABLE, homeSays(error), [
      retryInfo(error.retryAfterMs),
      errorInfo("HOME_DATACENTER_UNAVAILABLE", { datacenter: error.datacenter }),
    ]);
  }
  if (error instanceof StoreUnavailable) {
    return new CallError(
      status.UNAVAILABLE,
      "the store cannot be reached, or takes no changes, at the moment; try again",
      [retryInfo(error.retryAfterMs), errorInfo("STORE_UNAVAILABLE")],
    );
  }
  return new CallError(status.INTERNAL, "an unexpected error; the server's log has it", [errorInfo("UNEXPECTED")]);
}

/** Addresses of servers are for the log. */
function homeSays({ datacenter }: HomeUnavailable): string {
  return (
    `what was asked for is kept by data center ${datacenter}, whose database cannot be reached, or takes no changes, at the ` +
    "moment; try again"
  );
}

function detail<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, init));
}
