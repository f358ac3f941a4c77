import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { roles } from "../../control-plane/src/model/role.ts";
import { collectionNames, collections } from "../../control-plane/src/operator/collections.ts";
import type { DocumentKind } from "../../control-plane/src/policy/policy-store.ts";
import { answerSchemas, type CheckAnswer } from "./answer-schemas.ts";
import { type ApiRoute, apiRoutes, type OpenapiDocument } from "./api-routes.ts";
import { exchange, type RawAnswer } from "./raw-http.ts";
import { type FuzzRequest, type Live, requestsOf } from "./requests-of-route.ts";
import { type Caller, callers, furnish, type Scene, type State, startScene } from "./scene.ts";

/** What so many requests came to. */
export type Proof = {
  readonly requests: number;
  /** By status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Rows of the table of roles that no request of theirs was answered well. */
  readonly neverDone: readonly string[];
  readonly slowestMs: number;
};

/** Before it begins again with a control plane as new; what was put would else be mostly leftovers. */
const perScene = 400;

/** Longer than this no request may take that does not ask to wait. */
const longestMs = 10_000;

/**
 * Sends requests to every route of the API, made from its table of roles and its OpenAPI document, and throws with the request
 * and the seed at the first answer that is a 5xx, no google.rpc.Status, not as the document says or to somebody who may not,
 * and at the first change that a refused request made.
 */
export async function proveApi({
  seed,
  count,
  only,
  failed = (says) => {
    throw new Error(says);
  },
}: {
  readonly seed: number;
  readonly count: number;
  /** Of the routes only those that have this in their row. */
  readonly only?: string | undefined;
  /** Throws unless told. */
  readonly failed?: (says: string, row: string, wrong: readonly string[]) => void;
}): Promise<Proof> {
  const document = await openapiOf();
  const check = answerSchemas(document);
  const routes = apiRoutes(document).filter(({ row }) => only === undefined || row.includes(only));
  const now = new Date();
  const any = fc.oneof(...routes.map((route) => requestsOf(route, now)));
  const statuses = new Map<number, number>();
  const neverDone = new Set(routes.map(({ row }) => row));
  let slowestMs = 0;
  for (let at = 0, scene = 0; at < count; at += perScene, scene += 1) {
    // Each scene can be had again by itself.
    const sceneSeed = seed + scene;
    const requests = fc.sample(any, { seed: sceneSeed, numRuns: Math.min(perScene, count - at) });
    const who = fc.sample(fc.constantFrom<Caller>("admin", "admin", "admin", ...callers), {
      seed: sceneSeed,
      numRuns: requests.length,
    });
    const asksWho = scene % 2 === 1;
    await using here = await startScene({ asksWho });
    await furnish(here);
    const prove = prover(here, check, asksWho);
    for (const [index, request] of requests.entries()) {
      const caller = who[index] ?? "admin";
      const { status, tookMs, wrong, sent } = await prove(request, caller);
      slowestMs = Math.max(slowestMs, tookMs);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status < 300) neverDone.delete(request.route.row);
      if (wrong.length > 0)
        failed(
          `seed ${sceneSeed}${asksWho ? " (with tokens)" : ""}, request ${index + 1} (${caller}, for ${request.route.row}):\n  ${wrong.join("\n  ")}\n${sent}`,
          request.route.row,
          wrong,
        );
    }
  }
  return { requests: count, statuses, neverDone: [...neverDone], slowestMs };
}

async function openapiOf(): Promise<OpenapiDocument> {
  await using scene = await startScene({ asksWho: false });
  const answer = await fetch(`http://127.0.0.1:${scene.port}/openapi.json`);
  return (await answer.json()) as OpenapiDocument;
}

function prover(scene: Scene, check: CheckAnswer, asksWho: boolean) {
  const { port, parts } = scene;
  let before = scene.state();
  // A request that was cut off may yet be done, while one of the next is under way.
  let mayYetBeDone = 0;
  return async (request: FuzzRequest, caller: Caller) => {
    const live = liveOf(scene);
    const bytes = bytesOf(request, live, port, scene.token(caller));
    const madeBefore = scene.made.size;
    const started = performance.now();
    const isHead = request.method === "HEAD";
    const halfClose = request.sent === "truncated";
    const [answer] = await exchange(port, bytes, { isHead, halfClose, withinMs: longestMs }).catch((error: Error) => [
      error,
    ]);
    const tookMs = performance.now() - started;
    const notes = scene.takeNotes();
    const after = scene.state();
    const wrong: string[] = [];
    const sent = `> ${textOf(bytes)}\n< ${answer && !(answer instanceof Error) ? `${answer.status} ${answer.text.slice(0, 2_000)}` : "nothing"}`;
    if (Object.keys(Object.prototype).length > 0) wrong.push("the prototype of all objects was changed");
    for (const note of notes) if (note.kind === "operator-failed") wrong.push(`failed: ${note.cause.stack}`);
    if (answer instanceof Error) wrong.push(answer.message);
    else if (!answer) {
      if (request.sent !== "truncated") wrong.push("the connection was closed without an answer");
    } else {
      const answered = notes.filter((note) => note.kind === "operator-answered").at(-1);
      // A stream is answered only when it has ended.
      const streams = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
      const row = streams
        ? request.route.row
        : answered && `${answered.method === "HEAD" ? "GET" : answered.method} ${answered.route}`;
      wrong.push(
        ...wrongAbout(answer, { row, method: request.method, isHead, check, caller: asksWho ? caller : undefined }),
      );
    }
    const status = answer && !(answer instanceof Error) ? answer.status : 0;
    const isDone = status >= 200 && status < 300;
    const isWrite = !["GET", "HEAD", "OPTIONS"].includes(request.method);
    const made = scene.made.size - madeBefore;
    const isByOthers = after.newest !== before.newest && made === 0 && !scene.made.has(after.newest?.revision ?? 0);
    const changed = mayYetBeDone > 0 ? [] : differences(before, after, isByOthers);
    const asksOnly = /[?&]validateOnly=true(&|$)/.test(request.target);
    if (!(isDone && isWrite && !asksOnly) && ((made > 0 && mayYetBeDone === 0) || changed.length > 0))
      wrong.push(`answered ${status}, and changed: ${changed.join(", ")}`);
    if (made > 1) wrong.push(`made ${made} revisions`);
    if (caller === "limited" && asksWho)
      wrong.push(
        ...changed.filter((each) => !isOfS0(each, parts)).map((each) => `changed ${each}, which is not theirs`),
      );
    before = after;
    mayYetBeDone = answer === undefined && isWrite ? 20 : Math.max(0, mayYetBeDone - 1);
    return { status, tookMs, wrong, sent };
  };
}

function wrongAbout(
  answer: RawAnswer,
  {
    row,
    isHead,
    method,
    check,
    caller,
  }: {
    readonly row: string | undefined;
    readonly isHead: boolean;
    readonly method: string;
    readonly check: CheckAnswer;
    readonly caller: Caller | undefined;
  },
): readonly string[] {
  const wrong: string[] = [];
  const { status, headers, text } = answer;
  const [, path = "none"] = row?.split(" ") ?? [];
  if (status >= 500 && !(status === 503 && path === "/readyz")) wrong.push(`answered ${status}`);
  if (status >= 400 && !isHead && !(status === 503 && path === "/readyz")) wrong.push(...wrongAboutError(answer));
  if (row !== undefined && path !== "none" && status !== 304 && !isHead) {
    const says = check(
      { method: row.split(" ")[0] ?? "", path },
      { status, contentType: headers.get("content-type"), text },
    );
    if (says !== undefined) wrong.push(`${row}: ${says}`);
  }
  if (status < 400 && caller !== undefined && path !== "none" && !mayCall(caller, row ?? ""))
    wrong.push(`${caller} was let in to ${row}`);
  if (status < 400 && path === "none") wrong.push(`${method} was answered well, and no route is known that did`);
  return wrong;
}

function mayCall(caller: Caller, row: string): boolean {
  const rule = rules.get(row);
  if (rule === undefined || rule.least === "anyone") return rule !== undefined;
  if (caller === "nobody") return false;
  return roles.indexOf(caller === "limited" ? "shifter" : caller) >= roles.indexOf(rule.least);
}

const rules: ReadonlyMap<string, ApiRoute["rule"]> = new Map(
  apiRoutes({ paths: {}, components: { schemas: {} } }).map(({ row, rule }) => [row, rule]),
);

function wrongAboutError({ status, headers, text }: RawAnswer): readonly string[] {
  const wrong: string[] = [];
  if (!headers.get("content-type")?.startsWith("application/json"))
    wrong.push(`an error is ${headers.get("content-type")}`);
  let error: { code?: unknown; status?: unknown; message?: unknown; details?: readonly Record<string, unknown>[] } = {};
  try {
    ({ error = {} } = JSON.parse(text) as { error?: typeof error });
  } catch {
    return [...wrong, "an error is not JSON"];
  }
  if (error.code !== status) wrong.push(`error.code is ${JSON.stringify(error.code)}`);
  if (typeof error.status !== "string" || !/^[A-Z_]+$/.test(error.status))
    wrong.push("error.status is no google.rpc.Code");
  if (typeof error.message !== "string" || error.message === "") wrong.push("error.message is missing");
  // Whoever reads it in a terminal is not to be told more than was said.
  if (/\p{Cc}/u.test(String(error.message).replace(/\n/g, ""))) wrong.push("error.message has control characters");
  if (String(error.message).length > 20_000) wrong.push(`error.message is ${String(error.message).length} long`);
  const info = error.details?.find((each) => each["@type"] === "type.googleapis.com/google.rpc.ErrorInfo");
  if (typeof info?.["reason"] !== "string" || !/^[A-Z][A-Z0-9_]+$/.test(info["reason"]))
    wrong.push("error.details has no google.rpc.ErrorInfo with a reason");
  if (info?.["domain"] !== "weir") wrong.push("the ErrorInfo is not of the domain weir");
  return wrong;
}

function differences(before: State, after: State, isByOthers: boolean): readonly string[] {
  const changed: string[] = [];
  const maps = [
    ...(isByOthers ? [] : [[before.documents, after.documents] as const]),
    [before.registered, after.registered] as const,
  ];
  for (const [old, now] of maps)
    for (const key of new Set([...old.keys(), ...now.keys()])) if (old.get(key) !== now.get(key)) changed.push(key);
  if (before.logLevel !== after.logLevel) changed.push("the log level");
  if (!isByOthers && !isDeepStrictEqual(before.newest, after.newest)) changed.push("the journal");
  return changed;
}

/** Whether what a shifter of s0 changed is theirs, as it is now; what is gone was. */
function isOfS0(changed: string, { policies }: Scene["parts"]): boolean {
  const [kind = "", name = ""] = changed.split("/");
  if (changed === "the journal" || kind === "s0") return true;
  if (kind !== "TrafficSplit" && kind !== "Drain") return false;
  const { spec } = (policies.get(kind as DocumentKind, name)?.document ?? {}) as {
    spec?: { service?: string; services?: string[] };
  };
  return !spec || spec.service === "s0" || (spec.services?.every((each) => each === "s0") ?? false);
}

function liveOf({ parts: { policies } }: Scene): Live {
  const find = (path: string) => {
    const [, , collection = "", name = ""] = path.split("/");
    const known = collectionNames.find((each) => each === collection);
    return known && policies.get(collections[known], name.split(":")[0] ?? "");
  };
  const shifts = [...(policies.books.current()?.splits.values() ?? [])].flatMap(({ shift }) => (shift ? [shift] : []));
  return {
    document: (path) => find(path)?.document,
    etag: (path) => find(path)?.etag,
    revision: policies.books.current()?.revision ?? 0,
    operation: (shifts.find(({ ended }) => !ended) ?? shifts[0])?.name,
  };
}

function bytesOf(
  { method, target, headers, body, sent }: FuzzRequest,
  live: Live,
  port: number,
  token: string | undefined,
): Buffer {
  const path = target.replaceAll("@operation", live.operation ?? "shift-00000000");
  const payload = body?.(live);
  const lines = [
    `Host: 127.0.0.1:${port}`,
    "Connection: close",
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
  ];
  for (const [name, value] of headers) {
    const text = value.replace("@etag", `"${live.etag(path) ?? "r0-0"}"`).replace("@revision", `"r${live.revision}"`);
    const known = lines.findIndex((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    if (known >= 0) lines.splice(known, 1);
    lines.push(`${name}: ${text}`);
  }
  if (payload !== undefined)
    lines.push(
      sent === "chunked"
        ? "Transfer-Encoding: chunked"
        : `Content-Length: ${payload.length + (sent === "truncated" ? 7 : 0)}`,
    );
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (payload === undefined) return head;
  return Buffer.concat([head, ...(sent === "chunked" ? chunksOf(payload) : [payload])]);
}

function chunksOf(payload: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < payload.length; at += 1_000) {
    const part = payload.subarray(at, at + 1_000);
    chunks.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return [...chunks, Buffer.from("0\r\n\r\n")];
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString("latin1").replace(/Bearer weir\S+/g, "Bearer …");
  return text.length > 3_000 ? `${text.slice(0, 3_000)}… (${text.length} bytes)` : text;
}
