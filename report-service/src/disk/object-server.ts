import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Clock } from "../ports/clock.ts";
import { StoreUnavailable } from "../ports/store-unavailable.ts";
import { checkGrant, type Grant } from "./grant.ts";
import type { Sealing } from "./object-file.ts";
import { receiveObject } from "./receive-object.ts";
import { sendObject } from "./send-object.ts";
import type { SigningKeys } from "./signing-keys.ts";

/** What it has to tell; never a URL, which is a key by itself. */
export type ObjectNote =
  | {
      readonly kind: "object-call-ended";
      readonly method: string;
      readonly status: number;
      readonly bytes: number;
      readonly tookMs: number;
    }
  | { readonly kind: "object-call-broke"; readonly cause: Error };

export type ObjectServerParts = {
  /** As of `createDiskObjects`. */
  readonly root: string;
  readonly sealing: Sealing | undefined;
  readonly keys: SigningKeys;
  readonly clock: Clock;
  /** PEM; undefined: plaintext. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly observe: (note: ObjectNote) => void;
};

export type ObjectServer = {
  /** Where it listens, with the real port: `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Takes no new connection and returns when all calls have ended; at `limit` they are cut. */
  shutDown(limit: AbortSignal): Promise<void>;
} & AsyncDisposable;

// A client that neither sends nor reads for so long is gone.
const idleMs = 60_000;
const mostConnections = 1_000;
// How long one that was refused may go on sending before it is cut: at once, it would not see the answer.
const lingerMs = 2_000;

/** Serves single objects to whoever has a URL that was signed for it: PUT, GET with ranges, HEAD. */
export async function startObjectServer(listen: string, parts: ObjectServerParts): Promise<ObjectServer> {
  const server = create(parts.tls, (request, response) => void answer(request, response, parts));
  server.maxConnections = mostConnections;
  server.timeout = idleMs;
  server.headersTimeout = 10_000;
  // A URL to put is valid for an hour, and so may be its use.
  server.requestTimeout = 3_600_000;
  // By default a client that asks first is told to go on before anyone has looked at its signature.
  server.on("checkContinue", (request, response) => void answer(request, response, parts));
  const split = listen.lastIndexOf(":");
  const host = listen.slice(0, split);
  server.listen({ host: host.replace(/^\[|\]$/g, ""), port: Number(listen.slice(split + 1)) });
  await once(server, "listening").catch((cause: Error) => {
    throw new Error(`cannot serve objects on ${listen}: ${cause.message}`, { cause });
  });
  const url = `${parts.tls ? "https" : "http"}://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async shutDown(limit) {
      const closed = once(server, "close");
      const cut = () => server.closeAllConnections();
      limit.addEventListener("abort", cut, { once: true });
      server.close();
      server.closeIdleConnections();
      if (limit.aborted) cut();
      await closed;
      limit.removeEventListener("abort", cut);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function create(tls: ObjectServerParts["tls"], listener: RequestListener): Server {
  return tls ? createTlsServer({ ...tls, minVersion: "TLSv1.2" }, listener) : createServer(listener);
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: ObjectServerParts): Promise<void> {
  const startedAtMs = performance.now();
  const { method = "" } = request;
  // What is sent is shown by nobody's browser as a page of ours.
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("access-control-allow-origin", "*");
  try {
    if (method === "OPTIONS") allowPages(response);
    else await serve(request, response, parts);
  } catch (error) {
    const cause = error as Error;
    // A client that left is no fault of ours; a request that broke off here looks the same.
    const full = cause instanceof StoreUnavailable;
    const left = request.destroyed && !request.complete && !full;
    if (!left) parts.observe({ kind: "object-call-broke", cause });
    if (response.headersSent) response.destroy();
    else if (full) refuseWhileFull(request, response, cause);
    else refuse(request, response, 500, "an unexpected error; the server's log has it");
  }
  if (!response.writableFinished && !response.destroyed) await once(response, "close").catch(() => undefined);
  const length = method === "PUT" ? request.headers["content-length"] : response.getHeader("content-length");
  const bytes = method === "HEAD" ? 0 : Number(length ?? 0);
  parts.observe({
    kind: "object-call-ended",
    ...{ method, status: response.statusCode, bytes, tookMs: performance.now() - startedAtMs },
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, parts: ObjectServerParts): Promise<void> {
  const checked = checkGrant(request.method ?? "", request.url ?? "", parts.keys.find, parts.clock.now());
  if (checked.kind === "refused") return refuse(request, response, 403, checked.says);
  const { grant } = checked;
  if (grant.method === "PUT") await receive(request, response, grant, parts);
  else await sendObject(request, response, grant, parts.root, parts.sealing);
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  { key, announced }: Extract<Grant, { method: "PUT" }>,
  { root, sealing }: ObjectServerParts,
): Promise<void> {
  const { mediaType, sizeBytes, sha256 } = announced;
  const { "content-type": type, "content-length": length, "content-encoding": encoding, expect } = request.headers;
  if (type !== mediaType) return refuse(request, response, 415, `this URL takes content-type: ${mediaType}`);
  if (encoding !== undefined) return refuse(request, response, 415, "this URL takes no content-encoding");
  if (length !== undefined && Number(length) !== sizeBytes)
    return refuse(request, response, 400, `${sizeBytes} bytes were announced, not ${length}`);
  if (expect !== undefined) response.writeContinue();
  const received = await receiveObject(root, key, announced, request, sealing);
  switch (received.kind) {
    case "stored":
      return void response.writeHead(200).end();
    case "too-large":
      return refuse(request, response, 413, `${sizeBytes} bytes were announced, and more came`);
    case "differs": {
      const came = `${received.sizeBytes} bytes with SHA-256 ${received.sha256}`;
      return refuse(
        request,
        response,
        422,
        `${sizeBytes} bytes with SHA-256 ${sha256} were announced, but ${came} came`,
      );
    }
  }
}

/** https://fetch.spec.whatwg.org/#cors-preflight-fetch: pages may use these URLs; the signature is what counts. */
function allowPages(response: ServerResponse): void {
  response
    .writeHead(204, {
      "access-control-allow-methods": "GET, HEAD, PUT",
      "access-control-allow-headers": "content-type, range",
      "access-control-max-age": "86400",
    })
    .end();
}

/** https://www.rfc-editor.org/rfc/rfc4918#section-11.5, with the time after which to try again. */
function refuseWhileFull(request: IncomingMessage, response: ServerResponse, { retryAfterMs }: StoreUnavailable): void {
  response.setHeader("retry-after", String(Math.ceil(retryAfterMs / 1_000)));
  refuse(request, response, 507, "the object store is full; try again later");
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, says: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" }).end(`${says}\n`);
  if (request.complete) return;
  request.resume();
  const cut = setTimeout(() => request.destroy(), lingerMs);
  request.once("close", () => clearTimeout(cut));
}
