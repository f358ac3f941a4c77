import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { badRequest, refusal } from "./api-error.ts";
import { isYamlBody } from "./bodies.ts";
import type { OperatorApp } from "./operator-context.ts";

type Answer = {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly text: string;
};

type Entry = {
  /** Of all that makes a request what it is. */
  readonly fingerprint: string;
  readonly at: number;
  /** Undefined while it is being answered. */
  answer?: Answer;
  readonly settled: Promise<void>;
  readonly settle: () => void;
};

const rememberedMs = 24 * 3_600_000;
const mostEntries = 10_000;
const mostBytes = 16 * 1024 * 1024;
const headersKept = ["etag", "last-modified", "x-weir-revision", "warning", "content-type"];

/**
 * A write that comes again with the same Idempotency-Key is given the answer of the first, and changes nothing; another request
 * with that key is refused with 422 (draft-ietf-httpapi-idempotency-key-header). What failed changed nothing, and is done anew.
 */
export function answerOnce(app: OperatorApp, now: () => number = () => performance.now()): void {
  const entries = new Map<string, Entry>();
  const owners = new WeakMap<FastifyRequest, string>();
  let bytes = 0;

  function forget(key: string): void {
    bytes -= entries.get(key)?.answer?.text.length ?? 0;
    entries.delete(key);
  }

  /** The oldest go first; a map keeps its order. */
  function makeRoom(): void {
    for (const [key, { at, answer }] of entries) {
      const isOld = now() - at > rememberedMs;
      if (!isOld && entries.size <= mostEntries && bytes <= mostBytes) return;
      if (answer) forget(key);
    }
  }

  app.addHook("preHandler", async (request, reply) => {
    const key = request.headers["idempotency-key"];
    if (key === undefined || request.method === "GET" || request.method === "HEAD") return;
    if (typeof key !== "string" || !/^[!-~]{1,200}$/.test(key))
      throw badRequest("the request's headers", [
        { at: "Idempotency-Key", says: "expected 1 to 200 visible ASCII characters, such as a UUID" },
      ]);
    const fingerprint = fingerprintOf(request);
    for (let found = entries.get(key); found; found = entries.get(key)) {
      if (found.fingerprint !== fingerprint)
        throw refusal(
          422,
          "INVALID_ARGUMENT",
          "IDEMPOTENCY_KEY_REUSED",
          "this Idempotency-Key was sent with another request already: a request of its own needs a key of its own",
        );
      const { answer, settled } = found;
      if (answer) {
        void reply.code(answer.code).headers({ ...answer.headers, "idempotency-replayed": "true" });
        return reply.send(answer.text);
      }
      await settled;
    }
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    entries.set(key, { fingerprint, at: now(), settled, settle });
    owners.set(request, key);
    return undefined;
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const key = owners.get(request);
    const entry = key === undefined ? undefined : entries.get(key);
    if (key === undefined || !entry || entry.answer) return payload;
    const isDone = reply.statusCode >= 200 && reply.statusCode < 300 && typeof payload === "string";
    if (isDone) {
      entry.answer = { code: reply.statusCode, headers: headersOf(reply.getHeaders()), text: payload };
      bytes += payload.length;
      makeRoom();
    } else entries.delete(key);
    entry.settle();
    return payload;
  });
}

function fingerprintOf({ method, url, headers, body, principal }: FastifyRequest): string {
  const documents = isYamlBody(body) ? body.values.map(({ value }) => value) : body;
  const conditions = [headers["if-match"], headers["if-none-match"], headers["x-weir-actor"], headers["x-weir-reason"]];
  const all = [method, url, whoIs(principal), conditions.map((each) => each ?? null), documents ?? null];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

/** One name may be that of a token's entry, and somebody's at an OpenID provider. */
function whoIs(principal: FastifyRequest["principal"]): readonly (string | null)[] | null {
  return principal && [principal.name, principal.knownBy, principal.subject ?? null];
}

function headersOf(headers: Readonly<Record<string, unknown>>): Answer["headers"] {
  const kept: Record<string, string | readonly string[]> = {};
  for (const name of headersKept) {
    const value = headers[name];
    if (typeof value === "string") kept[name] = value;
    if (Array.isArray(value)) kept[name] = value.map(String);
  }
  return kept;
}
