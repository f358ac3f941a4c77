import type { FollowRoute } from "./ask-routes.ts";
import type { Caller } from "./caller.ts";

/** One event of `GET /v1/events`. */
export type OperatorEvent = {
  readonly event: string;
  /** How far a listener has come that was told of it; of how things are now: undefined. */
  readonly id: string | undefined;
  readonly data: unknown;
};

/** What happens, as the event stream of the REST API tells it: with its bounds, and resumed as it is. */
export async function* followEvents(
  follow: FollowRoute,
  { caller, after }: { readonly caller: Caller; readonly after: string },
  signal: AbortSignal,
): AsyncGenerator<OperatorEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = "";
  const bytes = follow({ method: "GET", path: "/v1/events", query: { lastEventId: after } }, caller, signal);
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = eventOf(block);
      if (event) yield event;
    }
  }
}

function eventOf(block: string): OperatorEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const event = fields.get("event");
  const data = fields.get("data");
  return event === undefined || data === undefined
    ? undefined
    : { event, id: fields.get("id"), data: JSON.parse(data) as unknown };
}
