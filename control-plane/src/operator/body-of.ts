import type { z } from "zod";
import { badRequest } from "./api-error.ts";

/** What a body says, by its schema; throws 400 with everything that is wrong. */
export function bodyOf<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => ({ at: path.join("."), says: message }));
  throw badRequest("the body", problems);
}
