import assert from "node:assert/strict";
import { test } from "node:test";
import { type ServerEvent, serverEvents } from "./server-events.ts";

test("events are told whole, wherever the stream is cut into pieces", async () => {
  const text =
    'retry: 1000\n\nevent: overview\nid: r1.ab.1\ndata: {"a":1}\n\n: alive\n\nevent: changes\ndata: {}\n\nevent: cut';
  for (const size of [1, 2, 3, 7, 1_000]) {
    const pieces = async function* () {
      for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
    };
    const told: ServerEvent[] = [];
    for await (const event of serverEvents(pieces())) told.push(event);
    assert.deepEqual(told, [
      { event: "overview", id: "r1.ab.1", data: '{"a":1}' },
      { event: "changes", id: undefined, data: "{}" },
    ]);
  }
});
