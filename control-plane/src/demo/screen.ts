/** The part of the terminal that the demo draws into again and again. */
export type Screen = Disposable & {
  /** How many columns and rows there are, now. */
  size(): { readonly columns: number; readonly rows: number };
  /** Replaces what was drawn before. */
  draw(lines: readonly string[]): void;
};

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";

/** Draws below what stands on the terminal; the last table stays there when the demo ends. */
export function createScreen(out: NodeJS.WriteStream): Screen {
  let drawn = 0;
  const resized = () => {
    // The terminal has wrapped our lines anew; where they began is unknown.
    out.write("\x1b[2J\x1b[H");
    drawn = 0;
  };
  out.on("resize", resized);
  out.write(hideCursor);
  return {
    size: () => ({ columns: out.columns, rows: out.rows - 1 }),
    draw(lines) {
      const up = drawn > 0 ? `\x1b[${drawn}A` : "";
      // Each line is cleared after its text and the rest below the last: no blank moment in between, so no flicker.
      out.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`);
      drawn = lines.length;
    },
    [Symbol.dispose]() {
      out.off("resize", resized);
      out.write(showCursor);
    },
  };
}
