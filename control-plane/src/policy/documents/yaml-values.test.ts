import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { maxFileBytes, readYaml } from "./yaml-values.ts";

test("a file without content holds nothing, and nothing is wrong with it", () => {
  for (const text of ["", "\n", "# a comment\n", "---\n---\n", "---\n# nothing\n---\nnull\n"])
    assert.deepEqual(readYaml(text, "a.yaml"), { values: [], problems: [] });
});

test("a byte order mark, Windows line ends and an explicit end are no matter", () => {
  const { values, problems } = readYaml("\ufeffa: 1\r\n...\r\n---\r\nb:\r\n  c: 2\r\n", "a.yaml");
  assert.deepEqual(problems, []);
  assert.deepEqual(
    values.map(({ value }) => value),
    [{ a: 1 }, { b: { c: 2 } }],
  );
  assert.deepEqual(values[1]?.where(["b", "c"]).source, { file: "a.yaml", line: 5, column: 6 });
});

test("a path is found in the text: its value, its key, or what is around it", () => {
  const [value] = readYaml("a:\n  - {b: 1, c: &x {d: 2}}\n  - *x\n", "a.yaml").values;
  const place = (path: (string | number)[], part?: "key" | "value") => {
    const { source } = value?.where(path, part) ?? {};
    return `${source?.line}:${source?.column}`;
  };
  assert.equal(place(["a", 0, "b"]), "2:9");
  assert.equal(place(["a", 0, "b"], "key"), "2:6");
  assert.equal(place(["a", 0, "nowhere"]), "2:5");
  assert.equal(place(["a", 1]), "3:5");
  assert.equal(place(["a", 1, "d"]), "2:22");
  assert.equal(place([]), "1:1");
});

test("what is good in a file is read beside what is not", () => {
  const { values, problems } = readYaml("a: 1\n---\nb: [\n---\nc: 3\n", "a.yaml");
  assert.ok(problems.length > 0);
  assert.deepEqual(values[0]?.value, { a: 1 });
});

test("a file that is too large is refused before it is read", () => {
  const { values, problems } = readYaml(`a: ${"x".repeat(maxFileBytes)}`, "a.yaml");
  assert.equal(values.length, 0);
  assert.match(problems.map(problemText).join(), /^a\.yaml:1:1 the file has \d+ bytes; at most 4194304 are read/);
});

test("text made to hurt is refused in a moment, without an exception", () => {
  const bombs = [
    `${"[".repeat(200_000)}${"]".repeat(200_000)}`,
    `${"{a: ".repeat(50_000)}1${"}".repeat(50_000)}`,
    "[".repeat(100_000),
    "{a: ".repeat(20_000),
    "- ".repeat(20_000),
    "a: &a [*a, *a, *a]\n",
    "? ".repeat(5_000),
  ];
  for (const bomb of bombs) {
    const { problems } = readYaml(bomb, "bomb.yaml");
    assert.ok(problems.length > 0 && problems.length <= 10, `${bomb.slice(0, 10)}: ${problems.length} problems`);
  }
});

test("thousands of anchors that repeat one another are refused, and thousands of keys read, in a moment", () => {
  const chain = Array.from({ length: 5_000 }, (_, index) => `- &x${index} [*x${Math.max(0, index - 1)}]`).join("\n");
  const refused = readYaml(chain, "body");
  assert.deepEqual(refused.values, []);
  assert.match(refused.problems[0]?.says ?? "", /has 10000 anchors and aliases; at most 500 are read/);
  const keys = Array.from({ length: 5_000 }, (_, index) => `a${index}: 1`).join("\n");
  assert.equal(readYaml(keys, "body").values.length, 1);
});
