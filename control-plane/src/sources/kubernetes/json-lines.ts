/**
 * The values of a body that has one JSON value on each line. Throws for what is no JSON, for a line that is too long, and for a
 * last line that has no end: an event that was lost must not look like one that never was.
 */
export async function* jsonLines(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<unknown> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    let begin = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, begin)) {
      const line = Buffer.concat([...parts, chunk.subarray(begin, end)]).toString();
      parts = [];
      bytes = 0;
      begin = end + 1;
      if (line.trim() !== "") yield JSON.parse(line);
    }
    if (begin === chunk.length) continue;
    parts.push(chunk.subarray(begin));
    bytes += chunk.length - begin;
    if (bytes > maxBytes) throw new Error(`an event is longer than ${maxBytes} bytes`);
  }
  if (bytes > 0) throw new Error("the watch broke off in the middle of an event");
}
