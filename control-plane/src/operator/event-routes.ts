import { z } from "zod";
import { badRequest, refusal } from "./api-error.ts";
import { boundedStream } from "./events/bounded-stream.ts";
import { createEventHub } from "./events/event-hub.ts";
import { parsePosition } from "./events/position.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

// A quarter of a minute of the most that is ever sent: who reads slower has lost touch, and resumes.
const mostUnread = 256 * 1024;

// Who comes back is asked anew who he is: a token that is no longer good hears nothing for longer than this.
const endsAfterMs = 600_000;

/** What happens, as it happens: server-sent events. */
export function eventRoutes(
  app: OperatorApp,
  { parts, closing }: Pick<OperatorContext, "parts" | "closing">,
  { longestMs = endsAfterMs }: { readonly longestMs?: number } = {},
): void {
  const hub = createEventHub(parts, {}, closing);
  app.get(
    "/v1/events",
    {
      schema: {
        summary: "What happens, as it happens: revisions, clients, sources and traffic as server-sent events",
        description:
          "text/event-stream with the events hello, revision, clients, ejections, sources and traffic, at most once a second each and below 20 kB a second together. With view=page overview, which is how things are, then each second changes, a JSON Merge Patch (RFC 7396) of it. Resumes after Last-Event-ID. Ends after ten minutes, so that who comes back is asked anew who he is. Who reads too slowly is cut off.",
        tags: ["events"],
        headers: z.looseObject({ "last-event-id": z.string().optional() }),
        querystring: z.strictObject({
          lastEventId: z.string().optional().meta({ description: "In place of the header Last-Event-ID" }),
          view: z.enum(["page"]).optional().meta({ description: "What the page shows, in place of what happens" }),
        }),
        response: { 200: { description: "Events", content: { "text/event-stream": { schema: z.unknown() } } } },
      },
    },
    async (request, reply) => {
      const after = request.headers["last-event-id"] ?? request.query.lastEventId;
      if (after !== undefined && after !== "" && !parsePosition(after))
        throw badRequest("the request", [
          {
            at: "Last-Event-ID",
            says: 'expected the id of an event, like "r42.9f3c01ab.7", or a revision, like "r42"',
          },
        ]);
      const { stream, ...listener } = boundedStream({
        mostUnread,
        alsoUnread: () => reply.raw.writableLength,
        cut: () => reply.raw.destroy(),
      });
      const stop = hub.listen(listener, after || undefined, request.query.view ?? "events");
      if (!stop)
        throw refusal(
          503,
          "RESOURCE_EXHAUSTED",
          "TOO_MANY_LISTENERS",
          "too many listen to events already: close one, or ask again later",
          {},
          { "retry-after": "5" },
        );
      const ending = setTimeout(listener.end, longestMs).unref();
      reply.raw.once("close", () => {
        clearTimeout(ending);
        stop();
        stream.destroy();
      });
      return reply.type("text/event-stream").header("x-accel-buffering", "no").send(stream);
    },
  );
}
