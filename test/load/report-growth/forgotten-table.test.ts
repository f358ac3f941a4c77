import assert from "node:assert/strict";
import { test } from "node:test";
import { forgottenText, sectionOf, withForgotten } from "./forgotten-table.ts";

const churned = (perSecond: number, micros: number) => ({ perSecond, micros, dead: 1_234 });
const text = (open: number) =>
  forgottenText(300_000, [
    { name: "has read", before: churned(1_000, 100), open: churned(open, 150), after: churned(3_000, 100) },
  ]);

test("the rate beside a forgotten transaction is compared with that before and after it", () => {
  assert.match(text(1_800), /^\| has read \| 1,000 \| 1,800 \| 3,000 \| 90 % \| 150 % \| 1,234 \|$/m);
});

test("the section takes the place of the one before it, and is kept by who writes the others", () => {
  const page = "# Growth\n\n## A\n\na\n";
  const first = withForgotten(page, text(1_800));
  assert.equal(first, `${page}\n${text(1_800)}`);
  assert.equal(withForgotten(`${first}\n## B\n`, text(900)), `${page}\n${text(900)}\n## B\n`);
  assert.equal(sectionOf(first), text(1_800));
  assert.equal(sectionOf(page), "");
});
