import assert from "node:assert/strict";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fastify } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { roles } from "../../model/role.ts";
import { startOperator } from "../operator-server.ts";
import { routeText } from "../route-of.ts";
import { addRoutes } from "../routes.ts";
import { startTestParts } from "../testing.ts";
import { enforceRoles } from "./enforce-roles.ts";
import { newToken, tokenHash } from "./new-token.ts";
import { type RouteRule, routeRoles } from "./route-roles.ts";
import { openTokens } from "./tokens.ts";

test("every route has a row, and every row a route", async () => {
  await using weir = await startTestParts();
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(() => () => true);
  const registered = new Set<string>();
  app.addHook("onRoute", ({ method, url }) => {
    for (const each of [method].flat()) if (each !== "HEAD") registered.add(`${each} ${routeText(url)}`);
  });
  addRoutes(app, { parts: weir.parts, closing: AbortSignal.timeout(60_000) });
  assert.deepEqual(Object.keys(routeRoles).sort(), [...registered].sort());
});

test("what is for anyone changes nothing", () => {
  const open = Object.entries(routeRoles).filter(([, { least }]) => least === "anyone");
  assert.deepEqual(
    open.filter(([row]) => !row.startsWith("GET ")),
    [],
  );
});

test("a route without a row keeps the server from starting", async () => {
  await using weir = await startTestParts();
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  enforceRoles(app, { tokens: undefined, parts: weir.parts, observe: () => undefined });
  assert.throws(() => app.post("/v1/report::halt", () => "done"), {
    message: /"POST \/v1\/report:halt" has no row in .*route-roles\.ts: say there who may call it/,
  });
  assert.throws(() => app.get("/toString", () => "done"), { message: /has no row/ });
});

/** Each role, and a shifter of another service in another data center; "nobody" sends no token. */
const callers = ["nobody", "stranger", "viewer", "foreign shifter", "shifter", "admin"] as const;
type Caller = (typeof callers)[number];

/** What the table says about a request with a good form, for something that is not there. */
function expected(caller: Caller, rule: RouteRule): "in" | 401 | 403 {
  if (rule.least === "anyone") return "in";
  if (caller === "nobody" || caller === "stranger") return 401;
  const role = caller === "foreign shifter" ? "shifter" : caller;
  if (roles.indexOf(role) < roles.indexOf(rule.least)) return 403;
  const isForeign = caller === "foreign shifter" && rule.least === "shifter" && rule.within !== "documents";
  return isForeign ? 403 : "in";
}

test("each role may call what the table says and nothing else, against a real server", async () => {
  await using weir = await startTestParts();
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-roles-"));
  const file = join(folder.path, "tokens.yaml");
  const tokens = new Map(callers.slice(1).map((caller) => [caller, newToken()]));
  const entry = (caller: Caller, more: string) =>
    `  - {name: ${caller}, sha256: ${tokenHash(tokens.get(caller) ?? "")}, ${more}}\n`;
  await writeFile(
    file,
    `tokens:\n${entry("viewer", "role: viewer")}${entry("admin", "role: admin")}${entry("shifter", 'role: shifter, services: ["*"]')}${entry("foreign shifter", "role: shifter, services: [other], datacenters: [dc-z]")}`,
  );
  const now = () => new Date();
  await using operator = await startOperator({
    listen: { host: "127.0.0.1", port: 0 },
    hosts: [],
    parts: weir.parts,
    tokens: await openTokens({ file, observe: () => undefined, now }),
    observe: () => undefined,
  });
  const wrong: string[] = [];
  for (const [row, rule] of Object.entries(routeRoles)) {
    const [method = "", route = ""] = row.split(" ");
    const path = route.replace(/\/:\w+/g, "/absent").replace("*", "absent.js");
    for (const caller of callers) {
      const token = tokens.get(caller);
      const stop = new AbortController();
      const answer = await fetch(`http://127.0.0.1:${operator.port}${path}`, {
        method,
        signal: stop.signal,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(method !== "GET" && method !== "DELETE" && { "content-type": "application/json" }),
        },
        ...(method !== "GET" && method !== "DELETE" && { body: "{}" }),
      });
      const got = answer.status === 401 || answer.status === 403 ? answer.status : "in";
      if (got !== expected(caller, rule)) wrong.push(`${caller}: ${row} was answered ${answer.status}`);
      if (got === 401) assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
      // Streams of events have no end.
      stop.abort();
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(weir.parts.policies.books.current()?.revision ?? 0, 0);
});
