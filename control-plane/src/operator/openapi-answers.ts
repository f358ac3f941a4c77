/** As much of an OpenAPI document as is completed here. */
export type OpenapiPaths = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenapiOperation>>>>;
};

type OpenapiOperation = {
  operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly security?: readonly object[];
  responses: Readonly<Record<string, OpenapiResponse>>;
};

type OpenapiResponse = { readonly description: string; readonly content?: object };

/** Tells of every operation its id and each status that it may answer with, beside what its route told. */
export function withAnswers<D extends OpenapiPaths>(document: D): D {
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      operation.operationId = operationId(method, path);
      const { responses, summary = "" } = operation;
      const told = Object.entries(responses).map(([status, response]) => {
        // What the library writes where a route says nothing.
        const isBare = response.description === "Default Response";
        const description = status === "default" ? "Any other refusal" : summary;
        return [status, isBare ? { ...response, description } : response] as const;
      });
      const refusals = [...refusalsOf(method, operation)].map(([status, description]) => [
        String(status),
        { description, content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
      ]);
      const unchanged = takes(operation, "if-none-match") && method === "get";
      operation.responses = {
        ...Object.fromEntries(refusals),
        ...(unchanged && { 304: { description: "It is still as If-None-Match says" } }),
        ...Object.fromEntries(told),
      };
    }
  return document;
}

function takes({ parameters = [] }: OpenapiOperation, header: string): boolean {
  return parameters.some((each) => each.in === "header" && each.name.toLowerCase() === header);
}

function refusalsOf(method: string, operation: OpenapiOperation): ReadonlyMap<number, string> {
  const { security = [] } = operation;
  const isWrite = method !== "get";
  const refusals: readonly (readonly [boolean, number, string])[] = [
    [true, 400, "The URL, a header or the body is wrong: every field that is"],
    [security.length > 0, 401, "Who asks is not known"],
    [true, 403, "Not for who asks; or a page of somebody else asks, or for a name that this server does not go by"],
    [security.length > 0, 404, "What the URL names is not there"],
    [isWrite, 409, "It cannot be as things are now, or another replica was quicker; nothing was changed"],
    [takes(operation, "if-match"), 412, "If-Match or If-None-Match does not hold; nothing was changed"],
    [isWrite, 413, "The body is too large"],
    [isWrite, 415, "The body is of another content type"],
    [isWrite, 422, "The Idempotency-Key came with another request before"],
    [security.length > 0, 503, "It cannot be answered or kept now; nothing was changed"],
  ];
  return new Map(refusals.flatMap(([applies, status, says]) => (applies ? [[status, says] as const] : [])));
}

/**
 * `putTrafficSplit`, `applyConfig`, `getClientResources`: the verb of the path, else the method, and what stands before; a
 * collection in the singular where one of it is named.
 */
export function operationId(method: string, path: string): string {
  const [plain = "", verb] = path.split(/:(?=\w+$)/);
  const segments = plain.split("/").filter((segment) => segment !== "" && segment !== "v1");
  const words = segments.flatMap((segment, index) => {
    if (segment.startsWith("{")) return [];
    const isOne = segments[index + 1]?.startsWith("{") === true;
    return (isOne ? singular(segment) : segment).split(/[^A-Za-z0-9]+/).map(capital);
  });
  if (verb === undefined) return `${method}${words.join("")}`;
  return method === "get" ? `get${words.join("")}${capital(verb)}` : `${verb}${words.join("")}`;
}

function singular(word: string): string {
  return word
    .replace(/ies$/, "y")
    .replace(/(ch|sh)es$/, "$1")
    .replace(/s$/, "");
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
