import type { ErrorBody } from "../operator/api-error.ts";
import { onBehalfOf } from "../operator/auth/certificate-names.ts";
import type { OperatorApp } from "../operator/operator-context.ts";
import type { Caller } from "./caller.ts";
import { refusedCall, richError } from "./rich-error.ts";

/** A request to a route of the REST API. */
export type RouteRequest = {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Already encoded. */
  readonly path: string;
  /** What is undefined or empty is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** For If-Match; empty: any. */
  readonly etag?: string | undefined;
  /** For Idempotency-Key. */
  readonly requestId?: string | undefined;
};

/** Asks a route for a caller, and gives its JSON; rejects with what a gRPC call ends with. */
export type AskRoutes = (request: RouteRequest, caller: Caller) => Promise<unknown>;

/** The same of one document, with what the headers say of it. */
export type ReadDocument = (
  path: string,
  caller: Caller,
) => Promise<{ readonly document: unknown; readonly etag: string; readonly revision: number }>;

/** The bytes of an answer without end; ends with the signal. */
export type FollowRoute = (
  request: RouteRequest,
  caller: Caller,
  signal: AbortSignal,
) => AsyncGenerator<Buffer, void, undefined>;

// The routes look at Host for what web pages could make a browser send; a browser cannot speak gRPC.
const host = "localhost";

export type Routes = { readonly ask: AskRoutes; readonly read: ReadDocument; readonly follow: FollowRoute };

/** The routes of the REST API, asked within the process: so roles, checks, the journal and errors are theirs. */
export function askRoutes(app: Pick<OperatorApp, "inject">, closing: AbortSignal): Routes {
  return {
    async ask(request, caller) {
      const answer = await inject(request, caller);
      return resultOf(answer.statusCode, answer.headers["retry-after"], answer.payload);
    },

    async read(path, caller) {
      const { statusCode, headers, payload } = await inject({ method: "GET", path }, caller);
      const document = resultOf(statusCode, headers["retry-after"], payload);
      const etag = String(headers.etag).replaceAll('"', "");
      return { document, etag, revision: Number(headers["x-weir-revision"]) };
    },

    async *follow(request, caller, signal) {
      const { method, path } = request;
      const url = `${path}${queryText(request.query)}`;
      const headers = headersOf(request, caller);
      const answer = await onBehalfOf(
        caller.certificate,
        async () => await app.inject({ method, url, headers, payloadAsStream: true }),
      );
      const stream = answer.stream();
      const stop = () => stream.destroy();
      signal.addEventListener("abort", stop, { once: true });
      closing.addEventListener("abort", stop, { once: true });
      try {
        if (answer.statusCode >= 300) {
          const text = await textOf(stream as AsyncIterable<Buffer>);
          resultOf(answer.statusCode, answer.headers["retry-after"], text);
        }
        if (signal.aborted || closing.aborted) return;
        yield* stream as AsyncIterable<Buffer>;
      } catch (error) {
        if (signal.aborted || closing.aborted) return;
        if (error instanceof Error && "code" in error && error.code === "LIGHT_ECONNRESET") throw tooSlow();
        throw error;
      } finally {
        signal.removeEventListener("abort", stop);
        closing.removeEventListener("abort", stop);
        // The route listens for this, as for a browser that went away.
        answer.raw.res.destroy();
        stream.destroy();
      }
    },
  };

  function inject(request: RouteRequest, caller: Caller) {
    const { method, path, body } = request;
    const url = `${path}${queryText(request.query)}`;
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const headers = headersOf(request, caller);
    // What inject gives begins when it is awaited: within, or the routes would see nobody's certificate.
    return onBehalfOf(caller.certificate, async () => await app.inject({ method, url, headers, ...payload }));
  }
}

function headersOf({ body, etag, requestId }: RouteRequest, caller: Caller): Record<string, string> {
  return {
    host,
    ...caller.headers,
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(etag && { "if-match": etag }),
    ...(requestId && { "idempotency-key": requestId }),
  };
}

function queryText(query: RouteRequest["query"] = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function resultOf(code: number, retryAfter: unknown, text: string): unknown {
  const json: unknown = JSON.parse(text);
  if (code < 300) return json;
  const seconds = Number(retryAfter);
  throw richError((json as ErrorBody).error, Number.isInteger(seconds) && seconds > 0 ? seconds : undefined);
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function tooSlow() {
  const says = "this watch was read too slowly; resume it with the last resume_token, and read faster";
  return refusedCall("RESOURCE_EXHAUSTED", "READS_TOO_SLOWLY", says);
}
