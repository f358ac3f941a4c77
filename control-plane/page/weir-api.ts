import { type ServerEvent, serverEvents } from "./server-events.ts";

/** An answer that is no success, in the server's words. */
export class RefusedError extends Error {
  readonly code: number;
  /** All that is wrong, where more than one thing is. */
  readonly details: readonly string[];
  /** For programs: `NO_HEADROOM`. */
  readonly reason: string | undefined;

  constructor(code: number, says: string, details: readonly string[], reason: string | undefined) {
    super(says);
    this.code = code;
    this.details = details;
    this.reason = reason;
  }
}

type ErrorBody = {
  readonly error?: {
    readonly message?: string;
    readonly details?: readonly {
      readonly reason?: string;
      readonly fieldViolations?: readonly { readonly field: string; readonly description: string }[];
    }[];
  };
};

const tokenKey = "weir.token";

/** The token that requests carry where the server asks who one is; kept until the tab is closed, and nowhere else. */
export function keepToken(token: string): void {
  sessionStorage.setItem(tokenKey, token.trim());
}

function authorization(): Record<string, string> {
  const token = sessionStorage.getItem(tokenKey) ?? "";
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}

/** A server that holds a request this long is away; what is asked here is answered from memory. */
const patienceMs = 5_000;

/** Asks the server that the page came from. Throws `RefusedError`, or what `fetch` throws when nobody answers. */
export async function ask<T>(
  path: string,
  {
    method = "GET",
    body,
    headers = {},
  }: {
    readonly method?: "GET" | "PUT" | "POST" | "DELETE";
    readonly body?: unknown;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<T> {
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(path, {
    method,
    headers: { ...type, ...authorization(), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as T;
  throw refusalOf(response, answer as ErrorBody);
}

/** A file, however long it takes: what a link would fetch, with the token that a link would not send. */
export async function fetchFile(path: string): Promise<Blob> {
  const response = await fetch(path, { headers: authorization() });
  if (!response.ok) throw refusalOf(response, (await response.json()) as ErrorBody);
  return response.blob();
}

function refusalOf({ status, statusText }: Response, { error }: ErrorBody): RefusedError {
  const details = (error?.details ?? [])
    .flatMap(({ fieldViolations = [] }) => fieldViolations)
    .map(({ field, description }) => `${field}: ${description}`);
  const reason = error?.details?.find((each) => each.reason !== undefined)?.reason;
  return new RefusedError(status, error?.message ?? statusText, details, reason);
}

/**
 * Listens to a stream of the server that the page came from, from the event behind `after` on, until the server ends it or the
 * signal aborts. Throws as `ask` does, also when nothing comes for as long as an answer may take: the server says something
 * every second. `EventSource` would send no token.
 */
export async function* listen(
  path: string,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void> {
  const stop = new AbortController();
  const end = () => stop.abort(signal.reason);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const silent = () => stop.abort(new DOMException("nothing came", "TimeoutError"));
  let patience = setTimeout(silent, patienceMs);
  try {
    const headers = { accept: "text/event-stream", ...authorization(), ...(after && { "last-event-id": after }) };
    const response = await fetch(path, { headers, signal: stop.signal });
    if (!response.ok) throw refusalOf(response, (await response.json()) as ErrorBody);
    if (response.body === null) return;
    const pieces = async function* (reader: ReadableStreamDefaultReader<string>) {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(patience);
        patience = setTimeout(silent, patienceMs);
        yield value;
      }
    };
    yield* serverEvents(pieces(response.body.pipeThrough(new TextDecoderStream()).getReader()));
  } finally {
    clearTimeout(patience);
    signal.removeEventListener("abort", end);
    // Whoever stops listening in the middle leaves no line open.
    stop.abort();
  }
}

/** Headers carry bytes: text is sent as UTF-8, which the server reads it as. */
export function headerText(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Why there was no answer, in a few words. */
export function whyNot(cause: unknown): string {
  if (cause instanceof RefusedError) return cause.message;
  if (cause instanceof DOMException && cause.name === "TimeoutError") return `no answer within ${patienceMs / 1000} s`;
  return "nobody answers at this address";
}
