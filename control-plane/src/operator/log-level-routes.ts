import { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { type LogLevel, logLevels } from "../lib/log-level.ts";
import type { Parsed, Problem } from "../lib/parsed.ts";
import { badRequest } from "./api-error.ts";
import { authorOf } from "./author.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

const levels = z.object({
  level: z.enum(logLevels).meta({ description: "The log has lines of this level and of those before it" }),
});
const tags = ["self"];

/** How much the log says, changed while running; after a restart it is what the settings say. */
export function logLevelRoutes(app: OperatorApp, { parts: { acts, logs } }: OperatorContext): void {
  app.get(
    "/v1/log-levels",
    { schema: { summary: "How much the log says", tags, response: { 200: levels } } },
    async () => ({ level: logs.level() }),
  );

  app.put(
    "/v1/log-levels",
    {
      schema: {
        summary: "Change how much the log says, until the next restart",
        tags,
        body: levels,
        querystring: z.strictObject({}),
        response: { 200: levels },
      },
    },
    async (request) => {
      const wanted = parseLevels(request.body);
      if (!wanted.ok) throw badRequest("the log level", wanted.problems);
      const author = authorOf(request, {});
      await acts.record({ verb: "set-log-level", on: "log-levels", details: { level: wanted.value } }, author);
      logs.setLevel(wanted.value, author.by);
      return { level: logs.level() };
    },
  );
}

function parseLevels(body: unknown): Parsed<LogLevel> {
  const { level, ...others } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const known = logLevels.find((each) => each === level);
  const problems: Problem[] = Object.keys(others).map((name) => ({
    at: name,
    says: "is not known here; only level is",
  }));
  if (known === undefined)
    problems.unshift({
      at: "level",
      says:
        level === undefined
          ? `is missing: one of ${logLevels.join(", ")}`
          : `${JSON.stringify(level)} is not one of ${logLevels.join(", ")}${didYouMean(String(level), logLevels)}`,
    });
  return known === undefined || problems.length > 0 ? { ok: false, problems } : { ok: true, value: known };
}
