/** An event of a stream of server-sent events (HTML Living Standard, section 9.2). */
export type ServerEvent = { readonly event: string; readonly id: string | undefined; readonly data: string };

/** The events of a stream as its text arrives, in whichever pieces; what has no data is passed over, as comments are. */
export async function* serverEvents(pieces: AsyncIterable<string>): AsyncGenerator<ServerEvent, void> {
  let text = "";
  for await (const piece of pieces) {
    text += piece;
    // Most of a long event's pieces end nothing.
    if (!piece.includes("\n")) continue;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const told = eventOf(block);
      if (told.data !== "") yield told;
    }
  }
}

function eventOf(block: string): ServerEvent {
  let event = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const field = line.slice(0, colon);
    if (field === "event") event = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
  return { event, id, data: data.join("\n") };
}
