import { createRequire } from "node:module";

// Not imported: the ES module form of node:http reads all its exports, and one of them loads the whole of undici, 25 ms
// of CPU at the start of every server. grpc-js has loaded the CommonJS form already.
const require = createRequire(import.meta.url);
const { request } = require("node:http") as typeof import("node:http");
const { request: requestTls } = require("node:https") as typeof import("node:https");

/** A status of 200 to 299 is success; others are an error that quotes the beginning of the answer. */
export class HttpError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/**
 * Sends a request with a JSON body, or none, and reads the answer as text. `node:http` and not `fetch`, for the
 * same reason.
 */
export function httpJson(method: string, url: URL, body: unknown, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const send = url.protocol === "https:" ? requestTls : request;
  // A content type without a body is an invalid request to strict servers, Weir among them.
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const sent = send(url, { method, signal, headers }, (response) => {
    const pieces: Buffer[] = [];
    response.on("data", (piece: Buffer) => pieces.push(piece));
    response.on("error", reject);
    response.on("end", () => {
      const text = Buffer.concat(pieces).toString();
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) resolve(text);
      else reject(new HttpError(statusCode, `${method} ${url}: ${statusCode} ${text.slice(0, 300)}`));
    });
  });
  sent.on("error", reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
