import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { tableText } from "./table.ts";

const plain = { color: false };

test("columns are as wide as their widest cell; numbers end at the right", () => {
  const text = tableText(
    {
      columns: ["NAME", { name: "WEIGHT", align: "right" }, "SINCE"],
      rows: [
        ["dc-a", "80 %", "3h"],
        ["a-longer-name", "5 %", ""],
      ],
    },
    plain,
  );
  assert.equal(
    text,
    ["NAME           WEIGHT  SINCE", "dc-a             80 %  3h", "a-longer-name     5 %", ""].join("\n"),
  );
});

test("a table without rows still says what would be there", () => {
  assert.equal(tableText({ columns: ["NAME", "SINCE"], rows: [] }, plain), "NAME  SINCE\n");
});

test("colour changes no width", () => {
  const table = {
    columns: ["A", "B"],
    rows: [
      [{ text: "ERROR", style: "red" as const }, "x"],
      ["ok", "y"],
    ],
  };
  const colored = tableText(table, { color: true });
  assert.ok(colored.includes("\u001b[31mERROR"));
  assert.equal(stripVTControlCharacters(colored), tableText(table, plain));
});

test("a client cannot steer the terminal by its name", () => {
  assert.equal(tableText({ columns: ["ID"], rows: [["\u001b[2Jevil\n"]] }, plain), "ID\n\ufffd[2Jevil\ufffd\n");
});
