import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenapiDocument } from "./api-routes.ts";

/** Why an answer is not as the OpenAPI document says; undefined when it is. */
export type CheckAnswer = (
  route: { readonly method: string; readonly path: string },
  answer: {
    readonly status: number;
    readonly contentType: string | undefined;
    readonly text: string;
  },
) => string | undefined;

/** Checks answers by the schemas of an OpenAPI document, each made when it is first needed. */
export function answerSchemas(document: OpenapiDocument): CheckAnswer {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  // A CommonJS module, whose types say otherwise.
  (addFormats as unknown as (to: typeof ajv) => void)(ajv);
  ajv.addSchema(document, "openapi");
  const known = new Map<string, ValidateFunction>();
  return ({ method, path }, { status, contentType = "", text }) => {
    const template = path.replace(/\/:(\w+)/g, "/{$1}");
    const operation = document.paths[template]?.[method.toLowerCase()];
    if (!operation) return undefined;
    const name = Object.hasOwn(operation.responses, status) ? String(status) : "default";
    if (name === "default")
      return `${status} is not among the answers that it tells (${Object.keys(operation.responses).join(", ")})`;
    const { content } = operation.responses[name] ?? {};
    if (content === undefined) return text === "" ? undefined : `${status} is told to have no body`;
    const type = contentType.split(";")[0]?.trim() ?? "";
    if (!Object.hasOwn(content, type)) return `${status} is told as ${Object.keys(content).join(", ")}, and is ${type}`;
    if (!/^application\/(.*\+)?json$/.test(type)) return undefined;
    const where = ["paths", template, method.toLowerCase(), "responses", name, "content", type, "schema"];
    const pointer = `openapi#/${where.map((each) => encodeURIComponent(each.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`;
    const validate = known.get(pointer) ?? ajv.getSchema(pointer);
    if (!validate) return `${status} has no schema`;
    known.set(pointer, validate);
    if (validate(JSON.parse(text))) return undefined;
    const errors = validate.errors
      ?.slice(0, 5)
      .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
    return `${status} is not as its schema says: ${errors?.join("; ")}`;
  };
}
