import { request } from "node:http";
import { request as requestTls } from "node:https";

/** A status of 200 to 299 is success; others are an error that quotes the beginning of the answer. */
export class HttpError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/**
 * Sends a request with a JSON body, or none, and reads the answer as text. `node:http` and not `fetch`, whose first use
 * costs each server some 30 ms of CPU.
 */
export function httpJson(method: string, url: URL, body: unknown, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const send = url.protocol === "https:" ? requestTls : request;
  const sent = send(url, { method, signal, headers: { "content-type": "application/json" } }, (response) => {
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
