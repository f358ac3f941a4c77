import type { ServerResponse } from "node:http";
import { type FastifyReply, fastify } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { badRequest, refusal } from "./api-error.ts";
import { enforceRoles } from "./auth/enforce-roles.ts";
import type { LoginWay } from "./auth/logins.ts";
import type { Tokens } from "./auth/tokens.ts";
import { readBodies } from "./bodies.ts";
import { answerErrors } from "./errors.ts";
import { answerOnce } from "./idempotency.ts";
import type { OperatorApp } from "./operator-context.ts";
import type { OperatorNote, OperatorParts } from "./parts.ts";
import { routeOf } from "./route-of.ts";
import { addRoutes } from "./routes.ts";
import { refusalOfOrigin } from "./same-site.ts";

/** PEM texts. */
export type OperatorTls = {
  readonly certificates: Buffer;
  readonly key: Buffer;
  /** Who signs the certificates of operators; undefined: none are asked for. */
  readonly clientAuthorities?: Buffer | undefined;
};

/** The REST API without a socket; tests ask it by `inject`. */
export async function createOperatorApp({
  parts,
  hosts,
  tokens,
  login,
  tls,
  observe,
  closing,
}: {
  readonly parts: OperatorParts;
  readonly hosts: readonly string[];
  /** Undefined: nobody is asked who they are. */
  readonly tokens?: Tokens | undefined;
  readonly login?: (() => Promise<LoginWay>) | undefined;
  readonly tls?: OperatorTls | undefined;
  readonly observe: (note: OperatorNote) => void;
  readonly closing: AbortSignal;
}): Promise<OperatorApp> {
  const app = fastify({
    https: tls ? httpsOptions(tls) : null,
    bodyLimit: 4 * 1024 * 1024,
    // A sender that trickles its request holds a socket, not more.
    requestTimeout: 30_000,
    keepAliveTimeout: 60_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 600, ignoreTrailingSlash: false },
    // Not used, as both compilers are set below; without these two, fastify would load ajv to make its own (60 ms).
    schemaController: { compilersFactory: { buildValidator: unused, buildSerializer: unused } },
    clientErrorHandler: (_error, socket) => {
      const { body } = badRequest("this is not an HTTP/1.1 request", []);
      const text = JSON.stringify({ error: body });
      const head = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${text.length}`;
      if (socket.writable) socket.end(`${head}\r\n\r\n${text}`);
      else socket.destroy();
    },
    frameworkErrors: (error, _request, reply) => {
      const { body } = badRequest(`the URL cannot be read: ${error.message}`, []);
      void (reply as FastifyReply).code(body.code).send({ error: body });
    },
    // An https server is a server like the plain one to all that is done with it here.
  }).withTypeProvider<ZodTypeProvider>() as unknown as OperatorApp;

  // Bodies are looked at by the parsers of what they carry, which say more than a schema can: names that were meant, what
  // else refers to them. Their schemas are for the OpenAPI document.
  app.setValidatorCompiler<z.ZodType>((part) =>
    part.httpPart === "body" ? (value) => ({ value }) : validatorCompiler(part),
  );
  // A parameter that a route does not know may be a misspelt one that it does; pages have addresses of their own.
  app.addHook("onRoute", ({ url, schema }) => {
    if (schema && url.startsWith("/v1/")) schema.querystring ??= z.strictObject({});
  });
  // What routes answer is typed by their schemas at compile time; checking it again would only turn a slip into a 500.
  app.setSerializerCompiler(() => JSON.stringify);
  // Node itself would answer without a body.
  app.server.on("checkExpectation", (_request: unknown, response: ServerResponse) => {
    const { body } = refusal(
      417,
      "INVALID_ARGUMENT",
      "EXPECTATION_FAILED",
      "of Expect only 100-continue is known here",
    );
    response.writeHead(417, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify({ error: body }));
  });
  readBodies(app);
  answerErrors(app, observe);

  app.addHook("onRequest", async (request, reply) => {
    const why = refusalOfOrigin(request.headers, hosts);
    if (why !== undefined) throw refusal(403, "PERMISSION_DENIED", "FOREIGN_REQUEST", why);
    void reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  });
  enforceRoles(app, { tokens, parts, observe });
  answerOnce(app);
  app.addHook("onResponse", async (request, reply) => {
    const route = routeOf(request);
    observe({
      kind: "operator-answered",
      method: request.method,
      route,
      code: reply.statusCode,
      tookMs: reply.elapsedTime,
    });
  });

  addRoutes(app, { parts, closing, login });
  await app.ready();
  return app;
}

function httpsOptions({ certificates, key, clientAuthorities }: OperatorTls) {
  const options = { cert: certificates, key, minVersion: "TLSv1.2" as const };
  // Who comes without one may still have a token, or ask what is for anyone.
  return clientAuthorities === undefined
    ? options
    : { ...options, ca: clientAuthorities, requestCert: true, rejectUnauthorized: false };
}

function unused(): never {
  throw new Error("the routes' schemas are compiled by zod");
}
