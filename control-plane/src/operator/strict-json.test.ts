import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../lib/parsed.ts";
import { parseStrictJson } from "./strict-json.ts";

test("what JSON.parse takes and is unambiguous, is taken with the same value", () => {
  for (const text of [
    "{}",
    " [ ] ",
    "0",
    "-1.5e+3",
    '"\\u00e9\\n\\"/"',
    "null",
    '{"a":{"b":[1,true,{"c":null}]},"d":""}\n',
    `${"[".repeat(64)}${"]".repeat(64)}`,
  ]) {
    const result = parseStrictJson(text, "body");
    assert.ok(result.ok, text);
    assert.deepEqual(result.value, JSON.parse(text));
  }
});

const broken: readonly (readonly [string, string])[] = [
  ["", "body:1:1 is not JSON: expected value, found the end"],
  ["{", "body:1:2 is not JSON: expected key or }, found the end"],
  ['{"a":}', 'body:1:6 a: is not JSON: expected value, found "}"'],
  ['{"a":1,}', 'body:1:8 a: is not JSON: expected key, found "}"'],
  ["[1\n,\n\n }", 'body:4:2 [1]: is not JSON: expected value, found "}"'],
  ["{a:1}", 'body:1:2 is not JSON: expected key or }, found "a"'],
  ["[1,]", 'body:1:4 [1]: is not JSON: expected value, found "]"'],
  ['{"a":NaN}', 'body:1:6 a: is not JSON: expected value, found "N"'],
  ["[01]", 'body:1:2 [0]: is not JSON: expected value or ], found "0"'],
  ["[+1]", 'body:1:2 [0]: is not JSON: expected value or ], found "+"'],
  ["[1 2]", 'body:1:4 [0]: is not JSON: expected , or the end, found "2"'],
  ["[truex]", 'body:1:2 [0]: is not JSON: expected value or ], found "t"'],
  ["{}{}", 'body:1:3 is not JSON: expected nothing more, found "{"'],
  ['{"a"}', 'body:1:5 a: is not JSON: expected :, found "}"'],
  ["[}", 'body:1:2 [0]: is not JSON: expected value or ], found "}"'],
  ["'a'", `body:1:1 is not JSON: expected value, found "'"`],
  ["/* */ {}", 'body:1:1 is not JSON: expected value, found "/"'],
  ["\ufeff{}", 'body:1:1 is not JSON: expected value, found "\ufeff"'],
  ['{"a":{"b":1,\n "b":2}}', "body:2:2 a.b: stands here twice: leave one"],
  ['{"__proto__":{"x":1}}', "body:1:2 __proto__: is not a key that is taken here"],
  ['{"\\u005f_proto__":1}', "body:1:2 __proto__: is not a key that is taken here"],
  ['{"weight":1e999}', "body:1:11 weight: 1e999 is too large a number"],
  [`${"[".repeat(65)}${"]".repeat(65)}`, "body:1:65 is nested more than 64 deep"],
  ["[".repeat(2_000_000), "body:1:65 is nested more than 64 deep"],
];

test("what is broken or ambiguous is refused, with line and column", () => {
  for (const [text, says] of broken) {
    const result = parseStrictJson(text, "body");
    assert.ok(!result.ok, text);
    assert.deepEqual(result.problems.map(problemText), [says]);
  }
});

test("texts with no end, bad escapes and control characters are refused", () => {
  for (const text of ['"abc', '"a\\x"', '"a\nb"', '"\\u12g4"', '{"abc', '"\\']) {
    const result = parseStrictJson(text, "body");
    assert.ok(!result.ok && /this text has no end/.test(result.problems[0]?.says ?? ""), text);
  }
});

test("whatever JSON.parse refuses is refused, and never with an exception", () => {
  const pieces = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "-0", "null", " ", "1e5", "\n", "tru", "\\", '"'];
  let seed = 7;
  const next = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let round = 0; round < 20_000; round += 1) {
    const text = Array.from({ length: 1 + (next() % 8) }, () => pieces[next() % pieces.length]).join("");
    const result = parseStrictJson(text, "body");
    let value: { readonly value: unknown } | undefined;
    try {
      value = { value: JSON.parse(text) as unknown };
    } catch {
      assert.equal(result.ok, false, text);
    }
    if (value && result.ok) assert.deepEqual(result.value, value.value, text);
    else if (value) assert.match(result.ok ? "" : (result.problems[0]?.says ?? ""), /stands here twice/, text);
  }
});
