import type { Parsed } from "../model/parsed.ts";
import { anyReportFilter, type Comparison, type ReportFilter } from "../model/report-filter.ts";
import { FilterError, type Token, tokensOf } from "./filter-tokens.ts";

const maxLength = 2_048;
const maxDepth = 16;

/**
 * A filter as https://google.aip.dev/160 writes it, over `state`, `kind`, `priority`, `create_time` and `labels`. As
 * there, OR binds more tightly than AND, and conditions that stand side by side are joined by AND.
 */
export function parseFilter(text: string): Parsed<ReportFilter> {
  if (text.trim() === "") return { ok: true, value: anyReportFilter };
  try {
    if (text.length > maxLength) throw new FilterError(`may have at most ${maxLength} characters, not ${text.length}`);
    const reader = readerOf(tokensOf(text), text.length);
    const filter = readAll(reader, 0);
    if (reader.peek().kind !== "end") throw unexpected(reader.peek(), "AND, OR or the end");
    return { ok: true, value: filter };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { ok: false, problems: [{ at: "filter", says: error.message }] };
  }
}

type Reader = { peek(): Token; next(): Token };

function readerOf(tokens: readonly Token[], end: number): Reader {
  let position = 0;
  const peek = (): Token => tokens[position] ?? { kind: "end", text: "", at: end };
  return {
    peek,
    next() {
      const token = peek();
      position += 1;
      return token;
    },
  };
}

function readAll(reader: Reader, depth: number): ReportFilter {
  const of = [readAny(reader, depth)];
  for (;;) {
    const { kind } = reader.peek();
    if (kind === "end" || kind === ")") break;
    if (kind === "AND") reader.next();
    of.push(readAny(reader, depth));
  }
  return one(of) ?? { kind: "all", of };
}

function readAny(reader: Reader, depth: number): ReportFilter {
  const of = [readTerm(reader, depth)];
  while (reader.peek().kind === "OR") {
    reader.next();
    of.push(readTerm(reader, depth));
  }
  return one(of) ?? { kind: "any", of };
}

function readTerm(reader: Reader, depth: number): ReportFilter {
  if (depth > maxDepth) throw new FilterError(`may be nested at most ${maxDepth} deep`);
  const token = reader.next();
  if (token.kind === "NOT") return { kind: "not", of: readTerm(reader, depth + 1) };
  if (token.kind === "(") {
    const inner = readAll(reader, depth + 1);
    const close = reader.next();
    if (close.kind !== ")") throw unexpected(close, '")"');
    return inner;
  }
  if (token.kind !== "word") throw unexpected(token, "a field");
  return readCondition(token, reader);
}

function readCondition(field: Token, reader: Reader): ReportFilter {
  const operator = reader.next();
  if (operator.kind !== "operator") throw unexpected(operator, `one of =, !=, <, <=, >, >=, : after "${field.text}"`);
  const value = reader.next();
  if (value.kind !== "word" && value.kind !== "text") throw unexpected(value, "a value");
  const [name, label, ...rest] = field.text.split(".");
  if (name === "labels" && rest.length === 0) return labelCondition(field, label, operator, value);
  if (label !== undefined) throw new FilterError(`has no field "${field.text}" to ask for ${place(field)}`);
  switch (name) {
    case "state":
      return { kind: "text", field: "state", is: equality(operator), value: stateOf(value) };
    case "priority":
      return { kind: "text", field: "priority", is: equality(operator), value: priorityOf(value) };
    case "kind":
      return { kind: "text", field: "kind", is: equality(operator), value: value.text.replace(/^reportKinds\//, "") };
    case "create_time":
      return { kind: "created", is: comparison(operator), ms: timeOf(value) };
    default:
      throw new FilterError(
        `has no field "${field.text}" to ask for ${place(field)}; there are state, kind, priority, create_time and labels.NAME`,
      );
  }
}

function labelCondition(field: Token, label: string | undefined, operator: Token, value: Token): ReportFilter {
  if (label === undefined || label === "") {
    if (operator.text !== ":") throw new FilterError(`needs a label's name ${place(field)}, such as labels.team = "x"`);
    return { kind: "label", name: value.text, is: "=" };
  }
  if (operator.text === ":" && value.kind === "word" && value.text === "*")
    return { kind: "label", name: label, is: "=" };
  return { kind: "label", name: label, is: operator.text === ":" ? "=" : equality(operator), value: value.text };
}

const states = ["queued", "running", "succeeded", "failed", "cancelled", "expired"];
const priorities = ["interactive", "standard", "bulk"];

function stateOf(value: Token): string {
  const state = states.find((each) => each.toUpperCase() === value.text);
  if (!state) throw new FilterError(`knows no state "${value.text}" ${place(value)}; there are ${inCapitals(states)}`);
  return state;
}

function priorityOf(value: Token): string {
  const priority = priorities.find((each) => each.toUpperCase() === value.text.replace(/^PRIORITY_/, ""));
  if (priority) return priority;
  throw new FilterError(`knows no priority "${value.text}" ${place(value)}; there are ${inCapitals(priorities)}`);
}

function timeOf(value: Token): number {
  // RFC 3339 with a zone: a time without one means something else in each place.
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value.text)
    ? Date.parse(value.text)
    : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new FilterError(`needs a time such as "2026-11-20T00:00:00Z" ${place(value)}, not "${value.text}"`);
}

function equality(operator: Token): "=" | "!=" {
  if (operator.text === "=" || operator.text === "!=") return operator.text;
  throw new FilterError(`allows only = and != ${place(operator)}, not "${operator.text}"`);
}

function comparison(operator: Token): Comparison {
  if (operator.text !== ":") return operator.text as Comparison;
  throw new FilterError(`does not allow ":" ${place(operator)}`);
}

function one(filters: readonly ReportFilter[]): ReportFilter | undefined {
  return filters.length === 1 ? filters[0] : undefined;
}

function unexpected(token: Token, wanted: string): FilterError {
  return new FilterError(
    token.kind === "end"
      ? `ends where ${wanted} should follow`
      : `needs ${wanted} ${place(token)}, not "${token.text}"`,
  );
}

function place({ at }: Token): string {
  return `at character ${at + 1}`;
}

function inCapitals(names: readonly string[]): string {
  return names.map((name) => name.toUpperCase()).join(", ");
}
