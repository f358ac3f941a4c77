import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { WriteStream } from "node:tty";
import { createScreen } from "./screen.ts";

/** A terminal that remembers what was written to it. */
function terminal() {
  const out = Object.assign(new PassThrough(), { columns: 80, rows: 24 }) as unknown as WriteStream;
  return { out, said: () => String((out as unknown as PassThrough).read() ?? "") };
}

test("each drawing begins where the last one began", () => {
  const { out, said } = terminal();
  using screen = createScreen(out);
  said();
  screen.draw(["one", "two"]);
  assert.equal(said(), "\rone\x1b[K\ntwo\x1b[K\n\x1b[J");
  screen.draw(["three"]);
  assert.equal(said(), "\x1b[2A\rthree\x1b[K\n\x1b[J");
  out.emit("resize");
  said();
  screen.draw(["four"]);
  assert.equal(said(), "\rfour\x1b[K\n\x1b[J");
});

test("the cursor is hidden while it draws and comes back afterwards", () => {
  const { out, said } = terminal();
  const screen = createScreen(out);
  assert.equal(said(), "\x1b[?25l");
  screen[Symbol.dispose]();
  assert.equal(said(), "\x1b[?25h");
  assert.equal(out.listenerCount("resize"), 0);
});
