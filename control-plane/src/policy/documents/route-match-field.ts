import { z } from "zod";
import type { PathMatch, RouteMatch } from "../../model/route.ts";
import { together, withDefault } from "./document-fields.ts";
import { headerMatch, headerMatchOf, queryMatch, queryMatchOf } from "./header-match-field.ts";
import type { Path } from "./path-text.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";
import { regexProblem } from "./regex-field.ts";
import { shown } from "./shown.ts";

const method = together(
  z.strictObject({
    service: z
      .string()
      .max(256)
      .optional()
      .describe("The full name of the gRPC service. Default: any.")
      .meta({ examples: ["report.v1.Reports"] }),
    method: z
      .string()
      .max(256)
      .optional()
      .describe("The method. Default: any.")
      .meta({ examples: ["GetReport"] }),
    type: withDefault(
      z.enum(["Exact", "RegularExpression"]),
      "Exact",
      "How both are meant; a regular expression (RE2) is of the whole name.",
    ),
  }),
  methodProblems,
);

const path = together(
  z.strictObject({
    type: withDefault(
      z.enum(["Exact", "PathPrefix", "RegularExpression"]),
      "PathPrefix",
      "PathPrefix counts in whole segments: /v1 is /v1 and /v1/x, not /v10. A regular expression (RE2) is of the whole path.",
    ),
    value: z
      .string()
      .min(1)
      .max(1024)
      .describe("The path, without the query.")
      .meta({ examples: ["/v1/reports"] }),
  }),
  pathProblems,
);

/** What a request has to be for a rule; all of it has to hold. */
export const routeMatch = together(
  z.strictObject({
    method: method.optional().describe("Its gRPC method. Instead of path."),
    path: path.optional().describe("Its path. Instead of method."),
    headers: z.array(headerMatch).max(16).default([]).describe("Its headers. Default: any."),
    queryParameters: z
      .array(queryMatch)
      .max(16)
      .default([])
      .describe("Envoy only: parameters of its query; gRPC clients pass a match over that has some. Default: any."),
    percent: withDefault(
      z.number().min(0.0001).max(100),
      100,
      "Of the requests that match otherwise, so many percent, chosen by chance; the others go on to the next rule.",
    ),
  }),
  (fields) => [...bothPathAndMethod(fields), ...namedTwice(fields, "headers"), ...tooManyInverted(fields)],
);

export function routeMatchOf({
  method,
  path,
  headers,
  queryParameters,
  percent,
}: z.output<typeof routeMatch>): RouteMatch {
  return {
    path: method ? methodOf(method) : path ? pathOf(path) : { kind: "any" },
    headers: headers.map(headerMatchOf),
    queryParameters: queryParameters.map(queryMatchOf),
    percent,
  };
}

function methodOf({ service, method: name, type }: z.output<typeof method>): PathMatch {
  return { kind: "method", type: type === "Exact" ? "exact" : "regex", service, method: name };
}

function pathOf({ type, value }: z.output<typeof path>): PathMatch {
  if (type === "Exact") return { kind: "exact", path: value };
  if (type === "RegularExpression") return { kind: "regex", regex: value };
  const prefix = value.replace(/\/+$/, "");
  return prefix === "" ? { kind: "any" } : { kind: "prefix", path: prefix };
}

type Found = readonly { readonly path: Path; readonly says: string }[];

const serviceName = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const methodName = /^[A-Za-z_]\w*$/;

function methodProblems({ service, method: name, type }: JsonObject): Found {
  if (service === undefined && name === undefined) return [{ path: [], says: "expected service, method, or both" }];
  if (type === "RegularExpression") {
    const found = [...regexProblems("service", service), ...regexProblems("method", name)];
    const both = `/(?:${service ?? "[^/]+"})/(?:${name ?? "[^/]+"})`;
    const together = found.length === 0 ? regexProblem(both) : undefined;
    return together === undefined ? found : [{ path: [], says: `the path "/service/method" ${together}` }];
  }
  const found: { path: Path; says: string }[] = [];
  if (typeof service === "string" && !serviceName.test(service))
    found.push({ path: ["service"], says: `${shown(service)} is no gRPC service: expected package.Service` });
  if (typeof name === "string" && !methodName.test(name))
    found.push({ path: ["method"], says: `${shown(name)} is no gRPC method: expected a name such as GetReport` });
  return found;
}

function regexProblems(field: string, value: unknown): Found {
  const problem = typeof value === "string" ? regexProblem(value) : undefined;
  return problem === undefined ? [] : [{ path: [field], says: `${shown(value)} ${problem}` }];
}

function pathProblems({ type, value }: JsonObject): Found {
  if (typeof value !== "string") return [];
  if (type === "RegularExpression") return regexProblems("value", value);
  if (/^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(value)) return [];
  return [
    {
      path: ["value"],
      says: `${shown(value)} is no path: it begins with /, and has no spaces, no query and no fragment`,
    },
  ];
}

function bothPathAndMethod({ method, path }: JsonObject): Found {
  if (method === undefined || path === undefined) return [];
  return [{ path: ["path"], says: "stands beside method, which is the path of a gRPC call: leave one out" }];
}

function namedTwice(fields: JsonObject, list: string): Found {
  const entries = Array.isArray(fields[list]) ? fields[list] : [];
  const names = entries.map((entry) => (isJsonObject(entry) ? entry["name"] : undefined));
  return names.flatMap((name, index) =>
    typeof name === "string" && names.indexOf(name) < index
      ? [{ path: [list, index, "name"], says: `"${name}" is listed twice` }]
      : [],
  );
}

/** Each doubles the routes of gRPC clients. */
const mostInverted = 4;

function tooManyInverted({ headers }: JsonObject): Found {
  const inverted = (Array.isArray(headers) ? headers : []).filter(
    (header) => isJsonObject(header) && header["invert"] === true && header["type"] !== "Present",
  );
  if (inverted.length <= mostInverted) return [];
  return [{ path: ["headers"], says: `expected at most ${mostInverted} inverted headers, not ${inverted.length}` }];
}
