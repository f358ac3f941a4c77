import type { FastifyRequest } from "fastify";
import { readYaml, type YamlValue } from "../policy/documents/yaml-values.ts";
import { badRequest, refusal } from "./api-error.ts";
import type { OperatorApp } from "./operator-context.ts";
import { parseStrictJson } from "./strict-json.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Takes documents as YAML too. */
    readonly yaml?: boolean;
  }
}

/** The documents of a YAML body, and where in its text they stand. */
export type YamlBody = { readonly kind: "yaml"; readonly values: readonly YamlValue[] };

const yamlBodies = new WeakSet<object>();

export function isYamlBody(body: unknown): body is YamlBody {
  return typeof body === "object" && body !== null && yamlBodies.has(body);
}

/** Takes JSON, and YAML where a route asks for it; nothing that a web form can send. */
export function readBodies(app: OperatorApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_request: unknown, bytes: Buffer) => {
    const result = parseStrictJson(textOf(bytes), "body");
    if (!result.ok) throw badRequest("the body", result.problems);
    return result.value;
  });
  app.addContentTypeParser(
    "application/yaml",
    { parseAs: "buffer" },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (request.routeOptions.config.yaml !== true)
        throw refusal(
          415,
          "INVALID_ARGUMENT",
          "UNSUPPORTED_MEDIA_TYPE",
          "expected Content-Type: application/json here",
        );
      return yamlOf(textOf(bytes));
    },
  );
}

function yamlOf(text: string): YamlBody {
  // The YAML parser works by recursion; documents are 8 deep.
  if (/(?:[[{]\s*){100}|(?:- ){100}/.test(text)) throw badRequest("the body", [{ at: "", says: "is nested too deep" }]);
  const { values, problems } = readYaml(text, "body");
  if (problems.length > 0) throw badRequest("the body", problems);
  const body: YamlBody = { kind: "yaml", values };
  yamlBodies.add(body);
  return body;
}

/** Throws 400 for what is not UTF-8, which would otherwise be stored with replacement characters. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badRequest("the body", [{ at: "", says: "is not UTF-8 text" }]);
  }
}
