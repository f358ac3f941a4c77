import { type Parsed, type Problem, parsed, refused } from "../lib/parsed.ts";

type Frame =
  | { readonly kind: "object"; readonly keys: Set<string>; key: string }
  | { readonly kind: "list"; index: number };
type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or the end" | "nothing more";

const deepest = 64;

/**
 * JSON as RFC 8259 says, and stricter where parsers differ (RFC 8259 section 4; "JSON Interoperability Vulnerabilities",
 * Bishop Fox 2021): a key twice, `__proto__`, a number that no double holds and nesting beyond 64 are refused.
 * Every problem has its line and column.
 */
export function parseStrictJson(text: string, file: string): Parsed<unknown> {
  const problems: Problem[] = [];
  const stack: Frame[] = [];
  let expected: Expected = "value";
  let at = 0;

  const report = (position: number, says: string, path = pathOf(stack)) =>
    problems.push({ at: path, says, source: { file, ...lineAndColumn(text, position) } });
  const closed = (): Expected => (stack.length === 0 ? "nothing more" : ", or the end");
  const unexpected = () => {
    const found = at < text.length ? JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0)) : "the end";
    report(at, `is not JSON: expected ${expected}, found ${found}`);
    return { ok: false, problems } as const;
  };

  for (;;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
    const char = text[at];
    if (char === undefined) {
      if (expected === "nothing more") break;
      return unexpected();
    }
    const top = stack.at(-1);
    if (expected === ", or the end" && char === ",") {
      at += 1;
      expected = top?.kind === "object" ? "key" : "value";
      if (top?.kind === "list") top.index += 1;
    } else if (expected === ":" && char === ":") {
      at += 1;
      expected = "value";
    } else if (char === "}" && top?.kind === "object" && (expected === "key or }" || expected === ", or the end")) {
      at += 1;
      stack.pop();
      expected = closed();
    } else if (char === "]" && top?.kind === "list" && (expected === "value or ]" || expected === ", or the end")) {
      at += 1;
      stack.pop();
      expected = closed();
    } else if (char === '"' && top?.kind === "object" && (expected === "key" || expected === "key or }")) {
      const end = endOfString(text, at);
      if (end < 0) return refuseString(report, problems, at);
      const key = JSON.parse(text.slice(at, end)) as string;
      top.key = key;
      if (top.keys.has(key)) report(at, "stands here twice: leave one");
      if (key === "__proto__") report(at, "is not a key that is taken here");
      top.keys.add(key);
      at = end;
      expected = ":";
    } else if (expected === "value" || expected === "value or ]") {
      if (char === "{" || char === "[") {
        if (stack.length === deepest) return refused(...problems, tooDeep(text, at, file));
        stack.push(char === "{" ? { kind: "object", keys: new Set(), key: "" } : { kind: "list", index: 0 });
        at += 1;
        expected = char === "{" ? "key or }" : "value or ]";
        continue;
      }
      const end = char === '"' ? endOfString(text, at) : endOfScalar(text, at);
      if (end < 0 && char === '"') return refuseString(report, problems, at);
      if (end < 0) return unexpected();
      if (char !== '"' && !Number.isFinite(Number(text.slice(at, end).replace(/^(true|false|null)$/, "0"))))
        report(at, `${text.slice(at, Math.min(end, at + 40))} is too large a number`);
      at = end;
      expected = closed();
    } else {
      return unexpected();
    }
  }
  return problems.length > 0 ? { ok: false, problems } : parsed(JSON.parse(text) as unknown);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The position behind the closing quote; -1 when there is none, or an escape or a control character is wrong. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x22) return at + 1;
    if (char < 0x20) return -1;
    if (char !== 0x5c) continue;
    at += 1;
    if (text[at] === "u") {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) return -1;
      at += 4;
    } else if (!'"\\/bfnrt'.includes(text[at] ?? "?")) return -1;
  }
  return -1;
}

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

function endOfScalar(text: string, start: number): number {
  scalar.lastIndex = start;
  return scalar.test(text) ? scalar.lastIndex : -1;
}

function refuseString(report: (at: number, says: string) => unknown, problems: readonly Problem[], at: number) {
  report(at, "is not JSON: this text has no end, a line break or control character inside, or an unknown escape");
  return { ok: false, problems } as const;
}

function tooDeep(text: string, at: number, file: string): Problem {
  return { at: "", says: `is nested more than ${deepest} deep`, source: { file, ...lineAndColumn(text, at) } };
}

function pathOf(stack: readonly Frame[]): string {
  let path = "";
  for (const frame of stack) {
    if (frame.kind === "list") path += `[${frame.index}]`;
    else if (frame.key !== "") path += path === "" ? frame.key : `.${frame.key}`;
  }
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

function lineAndColumn(text: string, position: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, position);
  const line = before.split("\n").length;
  return { line, column: position - before.lastIndexOf("\n") };
}
