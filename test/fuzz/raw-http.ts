import { connect } from "node:net";

/** What a server wrote back; `undefined` when it closed the connection without a word. */
export type RawAnswer = {
  readonly status: number;
  /** By their names in lower case; of several the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
};

/** Writes bytes to a server as they are, and reads one answer after the other until it closes or `within` is over. */
export async function exchange(
  port: number,
  bytes: Uint8Array,
  { withinMs = 10_000, halfClose = false, answers = 1, isHead = false } = {},
): Promise<readonly RawAnswer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly RawAnswer[]>();
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const timer = setTimeout(() => reject(new Error(`no whole answer within ${withinMs} ms`)), withinMs);
  let received = Buffer.alloc(0);
  const finish = () => resolve(parseAnswers(received, isHead).answers);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const { answers: whole, streams } = parseAnswers(received, isHead);
    // A stream of events has no end.
    if (whole.length >= answers || streams) finish();
  });
  socket.on("error", finish);
  socket.on("close", finish);
  // A server that refuses early closes while we still write.
  if (halfClose) socket.end(bytes);
  else socket.write(bytes);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function parseAnswers(bytes: Buffer, isHead: boolean): { readonly answers: RawAnswer[]; readonly streams: boolean } {
  const answers: RawAnswer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) return { answers, streams: false };
    const [first = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    at = end + 4;
    if (status === 100) continue;
    if (headers.get("content-type")?.startsWith("text/event-stream")) {
      answers.push({ status, headers, text: "" });
      return { answers, streams: true };
    }
    const body = isHead || status === 304 ? { text: "", end: at } : bodyAt(bytes, at, headers);
    if (!body) return { answers, streams: false };
    answers.push({ status, headers, text: body.text });
    at = body.end;
  }
}

function bodyAt(bytes: Buffer, at: number, headers: ReadonlyMap<string, string>) {
  const length = headers.get("content-length");
  if (length !== undefined) {
    const end = at + Number(length);
    return end <= bytes.length ? { text: bytes.toString("utf8", at, end), end } : undefined;
  }
  const parts: Buffer[] = [];
  for (let next = at; ; ) {
    const line = bytes.indexOf("\r\n", next);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", next, line), 16);
    if (Number.isNaN(size)) return undefined;
    const end = line + 2 + size;
    if (bytes.length < end + 2) return undefined;
    if (size === 0) return { text: Buffer.concat(parts).toString("utf8"), end: end + 2 };
    parts.push(bytes.subarray(line + 2, end));
    next = end + 2;
  }
}
