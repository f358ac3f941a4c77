import { z } from "zod";

/** Why, who and until when: of every exception, which always ends. */
export const exceptionFields = {
  reason: z.string().min(1).max(500).regex(/\S/, "expected a reason").describe("Why, for those who find it."),
  by: z
    .string()
    .max(200)
    .regex(/\S/, "expected a name")
    .meta({ examples: ["ana"] })
    .describe("Who did it."),
  expireTime: z.iso
    .datetime({ offset: true, error: "expected a time with its zone, such as 2026-11-21T18:00:00Z" })
    .meta({ examples: ["2026-11-21T18:00:00Z"] })
    .describe("When it ends by itself: RFC 3339, at most 14 days ahead. One in the past does nothing."),
} as const;
