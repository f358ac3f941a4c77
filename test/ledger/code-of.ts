import type { status } from "@grpc/grpc-js";
import { ReportCallError } from "@weir/report-service/src/client.ts";

/** The code that a call ended in; throws what is no answer of a call. */
export function codeOf(error: unknown): status {
  if (error instanceof ReportCallError) return error.code;
  throw error;
}
