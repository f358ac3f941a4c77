import { z } from "zod";

export const cookieName = z
  .string()
  .max(256)
  .regex(/^[0-9A-Za-z!#$%&'*+.^_|~-]+$/, "expected the name of a cookie")
  .describe("Its name.");

export const cookiePath = z
  .string()
  .max(1024)
  .regex(/^\/[\x21-\x3a\x3c-\x7e]*$/, "expected a path that begins with /, without spaces and semicolons");
