import { CliError } from "./cli-error.ts";
import { whyNotSent } from "./token-source.ts";

/** The control plane's REST API. Each call throws `ApiFailure` for an answer that is no success, `CliError` for none at all. */
export type Api = {
  readonly server: string;
  get<T>(path: string): Promise<Answer<T>>;
  put<T>(path: string, body: unknown, options?: WriteOptions): Promise<Answer<T>>;
  post<T>(path: string, body: unknown, options?: WriteOptions): Promise<Answer<T>>;
  delete<T>(path: string, options?: WriteOptions): Promise<Answer<T>>;
  /** What is no JSON, such as /metrics. */
  text(path: string): Promise<string>;
  /** What happens, from `GET /v1/events`, until the server ends it; throws as the others do. */
  events(): AsyncGenerator<ServerEvent, void>;
};

export type ServerEvent = { readonly event: string; readonly data: unknown };

export type Answer<T> = { readonly body: T; readonly etag: string | undefined; readonly revision: number | undefined };

export type WriteOptions = {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Violation = {
  readonly field: string;
  readonly description: string;
  readonly line?: number;
  readonly column?: number;
};

/** The server's own words for why not, and its machine-readable parts. */
export class ApiFailure extends CliError {
  readonly code: number;
  readonly violations: readonly Violation[];

  constructor(code: number, message: string, violations: readonly Violation[]) {
    super(message);
    this.code = code;
    this.violations = violations;
  }
}

export function createApi({
  server,
  actor,
  token,
  signal,
  warn,
}: {
  readonly server: string;
  readonly actor: string;
  /** Undefined: none is shown. */
  readonly token: () => Promise<string | undefined>;
  readonly signal: AbortSignal;
  /** What the server has to say beside its answer. */
  readonly warn: (text: string) => void;
}): Api {
  const base = baseOf(server);

  async function send(method: string, path: string, body: unknown, options: WriteOptions = {}): Promise<Response> {
    const url = new URL(path.replace(/^\//, ""), base);
    for (const [key, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(key, value);
    const shown = await token();
    const unsafe = shown === undefined ? undefined : whyNotSent(url);
    if (unsafe !== undefined) throw new CliError(unsafe);
    const headers = {
      ...(shown !== undefined && { authorization: `Bearer ${shown}` }),
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(method !== "GET" && { "x-weir-actor": latin1OfUtf8(actor) }),
      ...options.headers,
    };
    const init = { method, headers, signal, redirect: "error" as const };
    const response = await fetch(url, body === undefined ? init : { ...init, body: JSON.stringify(body) }).catch(
      (cause) => {
        if (signal.aborted) throw cause;
        throw unreachable(server, cause);
      },
    );
    if (!response.ok) throw failureOf(response.status, parsed(await response.text()), `${method} ${url.pathname}`);
    return response;
  }

  async function* events(): AsyncGenerator<ServerEvent, void> {
    const response = await send("GET", "/v1/events", undefined, { headers: { accept: "text/event-stream" } });
    let text = "";
    try {
      for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        const blocks = `${text}${piece}`.split("\n\n");
        text = blocks.pop() ?? "";
        yield* blocks.flatMap(eventOf);
      }
    } catch (cause) {
      throw signal.aborted ? cause : unreachable(server, cause);
    }
  }

  async function call<T>(method: string, path: string, body: unknown, options: WriteOptions = {}): Promise<Answer<T>> {
    const response = await send(method, path, body, options);
    const answer = parsed(await response.text());
    for (const text of warningsOf(response.headers.get("warning") ?? "")) warn(text);
    if (answer === undefined)
      throw new CliError(`${response.url} answered something else than JSON: is Weir's admin port there?`);
    const revision = response.headers.get("x-weir-revision");
    return {
      body: answer as T,
      etag: response.headers.get("etag") ?? undefined,
      revision: revision === null ? undefined : Number(revision),
    };
  }

  return {
    server,
    get: (path) => call("GET", path, undefined),
    put: (path, body, options) => call("PUT", path, body, options),
    post: (path, body, options) => call("POST", path, body, options),
    delete: (path, options) => call("DELETE", path, undefined, options),
    text: async (path) => (await send("GET", path, undefined, { headers: { accept: "text/plain" } })).text(),
    events,
  };
}

/** None for a comment. */
function eventOf(block: string): readonly ServerEvent[] {
  const event = /^event: (.*)$/m.exec(block)?.[1];
  const data = /^data: (.*)$/m.exec(block)?.[1];
  return event === undefined || data === undefined ? [] : [{ event, data: parsed(data) }];
}

/** Of `Warning: 299 weir "text"`, as many as there are. */
function warningsOf(header: string): readonly string[] {
  return [...header.matchAll(/299 weir "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1"));
}

function baseOf(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new CliError(`"${server}" is no address of a server: expected a URL such as http://127.0.0.1:18080`);
  return url.pathname.endsWith("/") ? url : new URL(`${url.href}/`);
}

function unreachable(server: string, cause: unknown): CliError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : "";
  const why =
    code === "ECONNREFUSED" ? "nothing listens there" : inner instanceof Error ? inner.message : String(inner);
  return new CliError(
    `cannot reach Weir at ${server}: ${why}. Start it (weir serve, weir demo), or name another with --server or WEIR_SERVER.`,
  );
}

function failureOf(code: number, answer: unknown, what: string): ApiFailure {
  const { error } = (answer ?? {}) as {
    error?: { message?: string; details?: readonly { fieldViolations?: readonly Violation[] }[] };
  };
  const violations = (error?.details ?? []).flatMap(({ fieldViolations = [] }) => fieldViolations);
  return new ApiFailure(
    code,
    error?.message ?? `${what} was answered with ${code}: is Weir's admin port there?`,
    violations,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Headers are bytes; fetch takes only characters that are one. */
function latin1OfUtf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
