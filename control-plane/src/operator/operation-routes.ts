import { z } from "zod";
import { bodyOf } from "./body-of.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { waitTime } from "./shapes.ts";
import { foundShift } from "./shift-found.ts";
import { shiftAnswer, shiftShape } from "./shift-shape.ts";

const usualWaitMs = 30_000;
const body = z.strictObject({ timeout: waitTime.optional() });

/** Waiting for what takes long, as google.longrunning.Operations does. */
export function operationRoutes(app: OperatorApp, { parts, closing }: OperatorContext): void {
  app.post(
    "/v1/operations/:name([A-Za-z0-9._-]+)::wait",
    {
      schema: {
        summary: "Answers when a shift has ended, or when the time is over: then with done false",
        description: 'The time is 30s unless told (`?timeout=5m`, or {"timeout": "5m"} as the body), at most 5m.',
        tags: ["traffic"],
        params: z.object({ name: z.string() }),
        querystring: z.strictObject({ timeout: waitTime.optional() }),
        body,
        response: { 200: shiftShape },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { timeout } = bodyOf(body, request.body ?? {});
      const timeoutMs = request.query.timeout ?? timeout ?? usualWaitMs;
      const gone = new AbortController();
      const leave = () => gone.abort();
      const { socket } = request.raw;
      // Who has gone away is not waited for.
      socket.once("close", leave);
      const enough = AbortSignal.any([closing, gone.signal, AbortSignal.timeout(timeoutMs)]);
      try {
        for await (const _ of parts.policies.books.changes(enough))
          if (foundShift(parts, name).shift.ended !== undefined) break;
      } finally {
        socket.off("close", leave);
      }
      const { split, shift, stored } = foundShift(parts, name);
      return reply.header("etag", `"${stored.etag}"`).send(shiftAnswer(split, shift, parts.now()));
    },
  );
}
