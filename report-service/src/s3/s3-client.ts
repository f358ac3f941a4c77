import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import type { CredentialFile } from "./credentials.ts";
import { createRetries, type Retried } from "./retries.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Settings } from "./settings.ts";
import { createSigner, type Signable, type Signed, type Signer } from "./signer.ts";
import { text } from "./xml.ts";

/** A part of a file, with its hash in hexadecimal: the store refuses other bytes. */
export type FilePart = {
  readonly path: string;
  readonly start: number;
  readonly sizeBytes: number;
  readonly sha256: string;
};

export type S3Call = Signable & { readonly body?: string | FilePart };

export type S3Answer = { readonly headers: IncomingHttpHeaders; readonly body: string };

export type S3Client = {
  readonly presign: Signer["presign"];
  /** The answer; throws S3Error where that is of this call alone, and `StoreUnavailable` where the store is not to be had. */
  call(call: S3Call, signal: AbortSignal): Promise<S3Answer>;
  /** As `call`, with the answer's body still to be read. */
  open(call: S3Call, signal: AbortSignal): Promise<IncomingMessage>;
} & Disposable;

// Of one call with all its tries, and what a slow line may add for its bytes.
const deadlineMs = 60_000;
const slowestBytesPerMs = 100;
// Nobody waits for long for what the cleaner finds as well.
const removalDeadlineMs = 10_000;
// Neither side has sent anything for so long: the connection is dead.
const idleMs = 20_000;
const emptyHash = createHash("sha256").digest("hex");

export function createS3Client(settings: S3Settings, credentials: CredentialFile): S3Client {
  const signer = createSigner(settings, credentials.current);
  const isTls = settings.bucketUrl.protocol === "https:";
  const agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 64 });
  const retries = createRetries(credentials.reread);

  async function send(call: S3Call, signal: AbortSignal): Promise<IncomingMessage> {
    const { body = "" } = call;
    const hash = typeof body === "string" ? (body === "" ? emptyHash : sha256(body)) : body.sha256;
    return exchange(call, await signer.sign(call, hash), { agent, isTls }, signal);
  }

  return {
    presign: signer.presign,
    call: (call, signal) =>
      retries.run(retriedAs(call), signal, async (limit) => {
        const response = await send(call, limit);
        return { headers: response.headers, body: await textOf(response) };
      }),
    // The limit is for the answer to begin: reading it may take as long as it takes.
    open: (call, signal) => retries.run(retriedAs(call), signal, () => send(call, signal)),
    [Symbol.dispose]() {
      agent.destroy();
    },
  };
}

type Line = { readonly agent: Agent; readonly isTls: boolean };

async function exchange(
  call: S3Call,
  { url, headers }: Signed,
  line: Line,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { body = "" } = call;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.sizeBytes;
  const send = line.isTls ? httpsRequest : httpRequest;
  const request = send(url, {
    agent: line.agent,
    method: call.method,
    headers: { ...headers, "content-length": length },
    signal,
  });
  request.setTimeout(idleMs, () => request.destroy(stalled(what(call))));
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  // After the answer has begun: a store that refuses does not read all that is sent.
  request.on("error", () => undefined);
  sendBody(body, request);
  const [response] = await answered;
  const { statusCode = 0 } = response;
  if (statusCode < 300) return response;
  const says = await textOf(response).catch(() => "");
  throw new S3Error(what(call), statusCode, text(says, "Code"), text(says, "Message"));
}

function sendBody(body: string | FilePart, request: ClientRequest): void {
  if (typeof body === "string" || body.sizeBytes === 0) return void request.end(typeof body === "string" ? body : "");
  const file = createReadStream(body.path, { start: body.start, end: body.start + body.sizeBytes - 1 });
  file.on("error", (error) => request.destroy(error));
  request.once("close", () => file.destroy());
  file.pipe(request);
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function retriedAs({ method, body }: S3Call): Retried {
  const slowMs = typeof body === "object" ? Math.ceil(body.sizeBytes / slowestBytesPerMs) : 0;
  const ownMs = method === "DELETE" ? removalDeadlineMs : deadlineMs + slowMs;
  return { deadlineMs: ownMs, isRead: method === "GET" || method === "HEAD" };
}

function what({ method, key, query = {} }: S3Call): string {
  const [first] = Object.keys(query);
  return `${method} ${key ?? "its bucket"}${first === undefined ? "" : ` (${first})`}`;
}

function stalled(call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`the object store said nothing for ${idleMs} ms to ${call}`), { code: "ETIMEDOUT" });
}

function sha256(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
