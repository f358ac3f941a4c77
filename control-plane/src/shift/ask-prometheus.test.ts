import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { askPrometheus } from "./ask-prometheus.ts";

/** Answers as Prometheus's HTTP API is documented to: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
async function prometheus(answers: Readonly<Record<string, { readonly code: number; readonly body: unknown }>>) {
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const { code, body } = answers[new URLSearchParams(text).get("query") ?? ""] ?? { code: 404, body: undefined };
    const path = request.url === "/prom/api/v1/query" && request.method === "POST";
    response.writeHead(path ? code : 404, { location: "http://127.0.0.1:1/" }).end(JSON.stringify(body ?? ""));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = askPrometheus(`http://127.0.0.1:${port}/prom`);
  return {
    ask: (query: string) => ask(query, AbortSignal.timeout(5_000)),
    [Symbol.dispose]: () => void server.close().closeAllConnections(),
  };
}

const vector = (...values: readonly string[]) => ({
  code: 200,
  body: {
    status: "success",
    data: { resultType: "vector", result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  },
});

test("of what a query gives the largest value counts, and nothing where there is none", async () => {
  using server = await prometheus({
    'max by (le) (x{a="ä&+"})': vector("0.25", "NaN", "0.75"),
    none: vector(),
    nan: vector("NaN"),
    one: { code: 200, body: { status: "success", data: { resultType: "scalar", result: [1, "2"] } } },
  });
  assert.equal(await server.ask('max by (le) (x{a="ä&+"})'), 0.75);
  assert.deepEqual([await server.ask("none"), await server.ask("nan")], [undefined, undefined]);
  assert.equal(await server.ask("one"), 2);
});

test("what is no answer is told as one, and nobody is followed elsewhere", async () => {
  using server = await prometheus({
    wrong: { code: 400, body: { status: "error", error: "parse error at char 1" } },
    elsewhere: { code: 302, body: "" },
    range: { code: 200, body: { status: "success", data: { resultType: "matrix", result: [] } } },
  });
  await assert.rejects(server.ask("wrong"), /answered 400: parse error at char 1/);
  await assert.rejects(server.ask("elsewhere"));
  await assert.rejects(server.ask("range"), /not matrix/);
});
