import type { FastifyError, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { StoreUnavailable } from "../lib/store-unavailable.ts";
import { ApiError, badRequest, refusal } from "./api-error.ts";
import type { OperatorApp } from "./operator-context.ts";
import type { OperatorNote } from "./parts.ts";
import { routeOf } from "./route-of.ts";

/** Answers every error in one shape, and unknown URLs and methods with what was probably meant. */
export function answerErrors(app: OperatorApp, observe: (note: OperatorNote) => void): void {
  const routes: { readonly method: string; readonly url: string; readonly matches: RegExp }[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    for (const each of [method].flat())
      routes.push({ method: each, url: url.replace("::", ":"), matches: patternOf(url) });
  });

  app.setNotFoundHandler((request) => {
    const path = request.url.split("?")[0] ?? "";
    const methods = routes.filter(({ matches }) => matches.test(path)).map(({ method }) => method);
    if (methods.length > 0) {
      const allow = [...new Set(methods)].sort().join(", ");
      throw refusal(
        405,
        "UNIMPLEMENTED",
        "METHOD_NOT_ALLOWED",
        `${path} takes ${allow}, not ${request.method}`,
        {},
        { allow },
      );
    }
    const known = [...new Set(routes.map(({ url }) => url))];
    const hint = didYouMean(path, known);
    throw refusal(
      404,
      "NOT_FOUND",
      "NO_SUCH_PATH",
      `there is nothing at ${path.slice(0, 200)}${hint || "."} See /openapi.json`,
    );
  });

  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const answer = asApiError(error, request);
    if (answer.body.code >= 500 && !(error instanceof ApiError)) {
      observe({ kind: "operator-failed", method: request.method, route: routeOf(request), cause: error });
    }
    return reply.code(answer.body.code).headers(answer.headers).send({ error: answer.body });
  });
}

function asApiError(error: FastifyError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreUnavailable)
    return refusal(503, "UNAVAILABLE", "STORE_UNAVAILABLE", error.message, {}, { "retry-after": "5" });
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(({ instancePath, message }) => ({
      at: instancePath.replace(/^\//, "").replaceAll("/", "."),
      says: message ?? "is not what was expected",
    }));
    return badRequest(`the request's ${partName(error.validationContext)}`, problems);
  }
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE": {
      const limit = request.routeOptions.bodyLimit;
      const says = `the body is larger than the ${sizeText(limit)} that are taken here`;
      return refusal(413, "RESOURCE_EXHAUSTED", "BODY_TOO_LARGE", says, { limitBytes: String(limit) });
    }
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_CTP_EMPTY_TYPE": {
      const given = request.headers["content-type"];
      const says = `expected Content-Type: application/json, got ${given ?? "none"}`;
      return refusal(415, "INVALID_ARGUMENT", "UNSUPPORTED_MEDIA_TYPE", says);
    }
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return badRequest("the body is not as long as Content-Length says", []);
  }
  const code = error.statusCode ?? 500;
  if (code >= 400 && code < 500) return refusal(code, "INVALID_ARGUMENT", error.code ?? "BAD_REQUEST", error.message);
  return refusal(
    500,
    "INTERNAL",
    "BUG",
    "this is a bug in Weir: nothing was changed by it that the journal does not show; the log has the details",
  );
}

function partName(context: string | undefined): string {
  return context === "querystring" ? "query" : context === "params" ? "URL" : (context ?? "content");
}

function patternOf(url: string): RegExp {
  const escaped = url
    .split("/")
    .map((part) =>
      part.startsWith(":") && !part.startsWith("::")
        ? "[^/]+"
        : part.replace("::", ":").replace(/[.*+?^$()|[\]\\]/g, "\\$&"),
    )
    .join("/");
  return new RegExp(`^${escaped}$`);
}

function sizeText(bytes: number): string {
  return bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1024} KiB`;
}
