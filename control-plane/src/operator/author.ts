import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { ChangeRequest } from "../policy/policy-store.ts";
import { badRequest } from "./api-error.ts";
import { changePermits } from "./auth/change-permits.ts";
import { flag } from "./shapes.ts";

/** The query of every write. Strict: `?validateonly=true` must not write. */
export const writeQuery = z.strictObject({
  validateOnly: flag.optional().meta({ description: "Answer as if, change nothing" }),
  reason: z.string().max(1_000).optional().meta({ description: "Why, for the journal; also as X-Weir-Reason" }),
});

/**
 * Who asks, why, and what they may change, for a change of documents. Who logged in cannot claim another name; where nobody is
 * asked who they are, nothing vouches for the header.
 */
export function authorOf(
  request: Pick<FastifyRequest, "headers" | "principal">,
  query: { readonly reason?: string | undefined },
): Pick<ChangeRequest, "by" | "reason" | "vouchedBy" | "subject" | "permits"> {
  const { principal } = request;
  const by = principal?.name ?? headerText(request.headers["x-weir-actor"]) ?? "anonymous";
  const reason = query.reason ?? headerText(request.headers["x-weir-reason"]) ?? "";
  const problems = [
    ...(by.length > 200 ? [{ at: "X-Weir-Actor", says: "is longer than 200 characters" }] : []),
    ...(reason.length > 1_000 ? [{ at: "X-Weir-Reason", says: "is longer than 1000 characters" }] : []),
  ];
  if (problems.length > 0) throw badRequest("the request's headers", problems);
  const author = { by: printable(by), reason: printable(reason) };
  if (!principal) return author;
  const { knownBy: vouchedBy, subject } = principal;
  return { ...author, vouchedBy, ...(subject !== undefined && { subject }), permits: changePermits(principal) };
}

// Node gives headers as latin1; people write them in UTF-8.
function headerText(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.[0];
  if (text === undefined || text.trim() === "") return undefined;
  const utf8 = Buffer.from(text, "latin1").toString("utf8");
  return utf8.includes("\ufffd") ? text : utf8;
}

/** Terminals act on control characters, and the journal is shown in terminals. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").trim();
}
