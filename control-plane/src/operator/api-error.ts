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
    super(shown(body.message));
    this.body = { ...body, message: shown(body.message), details: body.details.map(shownDetail) };
    this.headers = headers;
  }
}

const longestText = 2_000;

/** What a request said is in what it is told: not all of a large one, and nothing that terminals act on. */
function shown(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return cut.toWellFormed().replace(/(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, escaped);
}

function shownDetail(detail: ErrorDetail): ErrorDetail {
  if ("fieldViolations" in detail) {
    const fieldViolations = detail.fieldViolations.map((each) => {
      return { ...each, field: shown(each.field), description: shown(each.description) };
    });
    return { ...detail, fieldViolations };
  }
  const metadata = Object.entries(detail.metadata).map(([key, value]) => [key, shown(value)] as const);
  return { ...detail, metadata: Object.fromEntries(metadata) };
}

/** 400 that names every field that is wrong, with the reason BAD_REQUEST. */
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
    details: [
      { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations },
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "BAD_REQUEST", domain: "weir", metadata: {} },
    ],
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
