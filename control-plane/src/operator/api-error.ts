import type { Problem } from "../lib/parsed.ts";

/** google.rpc.Code names, so that the gRPC API can answer the same. */
type ErrorStatus =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ABORTED"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "UNIMPLEMENTED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "UNAVAILABLE"
  | "INTERNAL";

/** google.rpc.BadRequest.FieldViolation; line and column are ours, for bodies that people write. */
export type FieldViolation = {
  readonly field: string;
  readonly description: string;
  readonly line?: number;
  readonly column?: number;
};

export type ErrorDetail =
  | {
      readonly "@type": "type.googleapis.com/google.rpc.BadRequest";
      readonly fieldViolations: readonly FieldViolation[];
    }
  | {
      readonly "@type": "type.googleapis.com/google.rpc.ErrorInfo";
      readonly reason: string;
      readonly domain: "weir";
      readonly metadata: Readonly<Record<string, string>>;
    };

/** The body of every answer that is not a success: google.rpc.Status as Google's HTTP APIs spell it (AIP-193). */
export type ErrorBody = {
  readonly error: {
    readonly code: number;
    readonly status: ErrorStatus;
    readonly message: string;
    readonly details: readonly ErrorDetail[];
  };
};

/** Thrown by a route to answer something else than a success; the error handler turns it into its body. */
export class ApiError extends Error {
  readonly body: ErrorBody["error"];
  readonly headers: Readonly<Record<string, string>>;

  constructor(body: ErrorBody["error"], headers: Readonly<Record<string, string>> = {}) {
    super(body.message);
    this.body = body;
    this.headers = headers;
  }
}

/** 400 that names every field that is wrong. */
export function badRequest(what: string, problems: readonly Problem[]): ApiError {
  const fieldViolations = problems.map(({ at, says, source }) => ({
    field: at,
    description: says,
    ...(source && { line: source.line, column: source.column }),
  }));
  const first = problems[0];
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more, see details)` : "";
  return new ApiError({
    code: 400,
    status: "INVALID_ARGUMENT",
    message: first ? `${what}: ${first.at === "" ? "" : `${first.at}: `}${first.says}${more}` : what,
    details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations }],
  });
}

/** Any other refusal with a machine-readable reason. */
export function refusal(
  code: number,
  status: ErrorStatus,
  reason: string,
  message: string,
  metadata: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  const details: ErrorDetail[] = [
    { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "weir", metadata },
  ];
  return new ApiError({ code, status, message, details }, headers);
}
