import type { Column } from "./columns.ts";
import { DoesNotFit } from "./does-not-fit.ts";

export type XlsxCell = string | number | boolean | null;

const excelTextLength = 32_767;
// A double holds every decimal of 15 digits, and Excel shows no more.
const exactDigits = 15;
const dayMs = 86_400_000;
// Excel counts days from here, but for those before March 1900, where it knows a 29 February that never was:
// https://learn.microsoft.com/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year
const excelEpochMs = Date.UTC(1899, 11, 30);
const firstSerial = 61;
const lastSerial = 2_958_466;

/**
 * A value as Excel has it. What it cannot hold without loss (numbers of more than 15 digits, days before March 1900)
 * is text; so is a NaN. Moments are UTC.
 */
export function xlsxCell(text: string | null, column: Column): XlsxCell {
  if (text === null) return null;
  switch (column.kind) {
    case "boolean":
      return text === "true";
    case "exact":
      return digitsOf(text) <= exactDigits ? Number(text) : text;
    case "float":
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case "date":
    case "moment":
      return serialOf(text) ?? text;
    case "text":
      if (text.length > excelTextLength) {
        const says = `a text of ${text.length} characters in "${column.name}"; a cell holds ${excelTextLength}`;
        throw new DoesNotFit("RENDER_FAILED", `${says}: use CSV, JSON or Parquet`);
      }
      return xlsxText(text);
  }
}

/** The number format of a column, where Excel's own would show its values wrongly or shorten them. */
export function xlsxFormat(column: Column): { readonly numFmt?: string } {
  switch (column.kind) {
    case "exact":
      return { numFmt: column.decimals === 0 ? "0" : `0.${"0".repeat(Math.min(column.decimals, exactDigits))}` };
    case "date":
      return { numFmt: "yyyy-mm-dd" };
    case "moment":
      return { numFmt: "yyyy-mm-dd hh:mm:ss.000" };
    default:
      return {};
  }
}

/** Text that reads back as it was: `_x0041_` would be an A (ECMA-376 part 1, 22.9.2.19), and XML has no U+FFFE. */
export function xlsxText(text: string): string {
  return text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    .replace(/[\uFFFE\uFFFF]/g, (odd) => `_x${odd.charCodeAt(0).toString(16).toUpperCase()}_`);
}

function digitsOf(text: string): number {
  const significant = text.includes(".") ? text.replace(/0+$/, "") : text;
  return significant.replace(/^-?0*\.?0*|\./g, "").length;
}

function serialOf(text: string): number | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:\+00)?)?$/.exec(text);
  if (!parts) return undefined;
  const numbers = parts.slice(1).map((part: string | undefined) => Number(part ?? 0));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  const days = (Date.UTC(year, month - 1, day) - excelEpochMs) / dayMs;
  // Some readers cut instead of rounding, and would take the nearest double for a millisecond less.
  const nudge = parts[4] ? 1e-11 : 0;
  const serial = days + (hour * 3600 + minute * 60 + second) / 86_400 + nudge;
  return serial >= firstSerial && serial < lastSerial ? serial : undefined;
}
