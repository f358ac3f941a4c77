import { until } from "../lib/testing.ts";
import { createOperatorApp } from "./operator-app.ts";
import type { OperatorApp } from "./operator-context.ts";
import type { OperatorNote } from "./parts.ts";
import { startTestParts, type TestParts } from "./testing.ts";

export const service = {
  apiVersion: "weir/v1alpha1",
  kind: "Service",
  metadata: { name: "report" },
  spec: { protocol: "GRPC", endpoints: [{ registry: {} }] },
};
export const split = {
  apiVersion: "weir/v1alpha1",
  kind: "TrafficSplit",
  metadata: { name: "report" },
  spec: { service: "report", rules: [{ from: "*", to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] }] },
};

export const json = { "content-type": "application/json" };

/** An answer of the API; `body` is empty for what is no JSON. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The API over real parts, without a socket. */
export type TestApi = AsyncDisposable &
  Pick<TestParts, "clients" | "loads" | "history"> & {
    readonly app: OperatorApp;
    readonly notes: readonly OperatorNote[];
    send(
      method: "GET" | "PUT" | "POST" | "DELETE",
      url: string,
      body: string | undefined,
      headers?: Record<string, string>,
    ): Promise<Answer>;
    get(url: string, headers?: Record<string, string>): Promise<Answer>;
    put(url: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
    post(url: string, body: unknown): Promise<Answer>;
    delete(url: string, headers?: Record<string, string>): Promise<Answer>;
    until(condition: () => Promise<boolean>): Promise<void>;
  };

export async function startTestApi(instead: Partial<TestParts["parts"]> = {}): Promise<TestApi> {
  const { parts, clients, loads, history, ...rest } = await startTestParts();
  const notes: OperatorNote[] = [];
  const app = await createOperatorApp({
    parts: { ...parts, ...instead },
    hosts: [],
    observe: (note) => notes.push(note),
    closing: new AbortController().signal,
  });
  const send: TestApi["send"] = async (method, url, body, headers = {}) => {
    const payload = body === undefined ? {} : { payload: body };
    const answer = await app.inject({ method, url, headers: { host: "127.0.0.1:18080", ...headers }, ...payload });
    return { status: answer.statusCode, headers: answer.headers, text: answer.body, body: jsonOf(answer.body) };
  };
  return {
    app,
    clients,
    loads,
    history,
    notes,
    send,
    get: (url, headers) => send("GET", url, undefined, headers),
    put: (url, body, headers) => send("PUT", url, JSON.stringify(body), { ...json, ...headers }),
    post: (url, body) => send("POST", url, JSON.stringify(body), json),
    delete: (url, headers) => send("DELETE", url, undefined, headers),
    until,
    async [Symbol.asyncDispose]() {
      await app.close();
      await rest[Symbol.asyncDispose]();
    },
  };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

export type Violation = { readonly field: string; readonly description: string; readonly line?: number };

/** The field violations of a 400. */
export function violationsOf({ body }: Answer): readonly Violation[] {
  const { error } = body as { error?: { details?: readonly { fieldViolations?: readonly Violation[] }[] } };
  return (error?.details ?? []).flatMap(({ fieldViolations = [] }) => fieldViolations);
}

/** `spec.rules[0].to: the shares add up to 90, not 100` */
export function fieldsOf(answer: Answer): readonly string[] {
  return violationsOf(answer).map(({ field, description }) => `${field}: ${description}`);
}

/** `dc-a/z1 127.0.0.1:9001 serving` */
export function placesOf({ body }: Answer): readonly string[] {
  const { placements = [] } = body as {
    placements?: readonly { locality: string; endpoints: readonly { address: string; health: string }[] }[];
  };
  return placements.flatMap(({ locality, endpoints }) =>
    endpoints.map(({ address, health }) => `${locality} ${address} ${health}`),
  );
}
