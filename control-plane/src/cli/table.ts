import { styleText } from "node:util";

export type Cell = string | { readonly text: string; readonly style: "red" | "yellow" | "green" | "dim" };

export type Table = {
  readonly columns: readonly (string | { readonly name: string; readonly align: "right" })[];
  readonly rows: readonly (readonly Cell[])[];
};

const gap = "  ";

/** Aligned columns, two spaces apart, nothing at the ends of lines. What came over the network cannot steer the terminal. */
export function tableText({ columns, rows }: Table, { color }: { readonly color: boolean }): string {
  const header = columns.map((column) => (typeof column === "string" ? column : column.name));
  const texts = [
    header,
    ...rows.map((row) => row.map((cell) => printable(typeof cell === "string" ? cell : cell.text))),
  ];
  const widths = header.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const lines = texts.map((row, line) =>
    row
      .map((text, index) => {
        const width = widths[index] ?? 0;
        const column = columns[index];
        const padded = typeof column === "object" ? text.padStart(width) : text.padEnd(width);
        const cell = line === 0 ? text : (rows[line - 1]?.[index] ?? "");
        return color && typeof cell === "object" ? padded.replace(text, styled(cell.style, text)) : padded;
      })
      .join(gap)
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function styled(style: "red" | "yellow" | "green" | "dim", text: string): string {
  return text === "" ? text : styleText(style, text, { validateStream: false });
}

/** Node ids, reasons and names come from elsewhere: control characters in them would be acted on. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");
}
