import { stripVTControlCharacters, styleText } from "node:util";
import { languages, sumOf } from "./load/ordered-report.ts";
import type { ClientView, DatacenterView, DemoEvent, ReportsView, ShareView, View } from "./view.ts";

export type TableSize = { readonly columns: number; readonly rows: number };

const windowText = "last 10 s";
const barWidth = 20;
const colors = ["cyan", "magenta", "yellow", "blue", "green"] as const;

/** What the next minutes may be spent on. The first changes weights, the others break something and mend it. */
export const tries = [
  "npm run weir -- traffic set report dc-a=20 dc-b=80",
  "npm run weir -- demo kill dc-a          then: demo start dc-a",
  "npm run weir -- demo fail dc-b          then: demo heal dc-b",
  "npm run weir -- demo stop dc-a          (drains: no request is lost)",
  "npm run weir -- traffic get report      npm run weir -- proxy status",
];

/**
 * The live table as lines of at most `columns` characters, at most `rows` of them: what does not fit is left out from the
 * bottom of the events. Pure: the same view gives the same lines.
 */
export function renderTable(view: View, { columns, rows }: TableSize, withColor: boolean): readonly string[] {
  const paint: Paint = withColor
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_, text) => text;
  const head = [
    `${paint("bold", "Weir demo")}  ${paint("red", "not for production: no auth, loopback only")}  ${durationText(view.upForMs)}`,
    paint("dim", header),
    ...view.clients.flatMap((client) => clientLines(client, view.datacenters, paint)),
    totalLine(view, paint),
    `${paint("bold", "reports".padEnd(11))}${reportsText(view.reports)}`,
  ];
  const tail = [
    paint("dim", `Look at ${view.admin}/ in a browser, or try from a second terminal; q quits:`),
    ...tries.map((each) => `  ${each}`),
  ];
  const room = Math.max(0, rows - head.length - tail.length - 1);
  const events = room > 1 ? view.events.slice(-Math.min(6, room - 1)).map((event) => eventLine(event, paint)) : [];
  const lines = [...head, ...(events.length > 0 ? [paint("dim", "Events"), ...events] : []), "", ...tail];
  return lines.slice(0, rows).map((line) => clipped(line, columns));
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

const header = [
  "CLIENT".padEnd(11),
  "TO".padEnd(6),
  "UP".padStart(4),
  "CONFIGURED".padStart(12),
  `   OBSERVED (${windowText})`.padEnd(12 + barWidth),
  "REQ/S".padStart(6),
  "ERRORS".padStart(8),
].join("");

function clientLines(client: ClientView, datacenters: readonly DatacenterView[], paint: Paint): readonly string[] {
  const labels = [client.name, client.kind, `in ${client.datacenter}`];
  const lines = client.rows.map((row, index) => {
    const datacenter = datacenters[index] ?? { name: "?", up: 0, of: 0, note: "" };
    const label = (labels[index] ?? "").slice(0, 10).padEnd(11);
    return `${index === 0 ? paint("bold", label) : paint("dim", label)}${rowText(row, datacenter, colors[index % colors.length] ?? "cyan", paint)}`;
  });
  if (client.unanswered === 0) return lines;
  return [...lines, `${" ".repeat(11)}${paint("red", `${client.unanswered} got no server's answer`)}`];
}

function rowText(
  row: ShareView,
  { name, up, of, note }: DatacenterView,
  color: (typeof colors)[number],
  paint: Paint,
): string {
  const upText = `${up}/${of}`.padStart(4);
  return [
    paint(color, name.padEnd(6)),
    up < of ? paint("red", upText) : upText,
    configuredText(row.configured).padStart(12),
    percentText(row.observed).padStart(10),
    "  ",
    paint(color, "█".repeat(Math.round(row.observed * barWidth)).padEnd(barWidth)),
    row.requestsPerSecond.toFixed(1).padStart(6),
    paintedErrors(row.errors, paint),
    note === "" ? "" : `  ${paint("red", note)}`,
  ].join("");
}

function configuredText(configured: ShareView["configured"]): string {
  if (configured === undefined) return "-";
  return configured === "standby" ? configured : `${configured} %`;
}

function percentText(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function paintedErrors(errors: number, paint: Paint): string {
  const text = String(errors).padStart(8);
  return errors > 0 ? paint("red", text) : text;
}

function totalLine({ requestsPerSecond, errors }: View, paint: Paint): string {
  const errorText = `${errors} ${errors === 1 ? "error" : "errors"} since the start`;
  const rate = `${requestsPerSecond.toFixed(0)} req/s`;
  return `${paint("bold", "total".padEnd(11))}${rate}   ${errors > 0 ? paint("red", errorText) : errorText}`;
}

/** `0 wait   3 run: 2 SQL, 1 Python   12 done: 9 SQL, 2 JavaScript, 1 Python   0 failed`; `? wait` while nobody says so. */
export function reportsText({ queues, done, failed }: ReportsView): string {
  const count = (what: "waiting" | "running", verb: string) => {
    if (!queues) return `? ${verb}`;
    const here = queues.filter((queue) => queue[what] > 0);
    const all = here.reduce((sum, queue) => sum + queue[what], 0);
    return listed(
      `${all} ${verb}`,
      here.map((queue) => `${queue[what]} ${queue.language}`),
    );
  };
  const ended = listed(
    `${sumOf(done)} done`,
    languages.map((language) => `${done[language]} ${language}`),
  );
  return [count("waiting", "wait"), count("running", "run"), ended, `${failed} failed`].join("   ");
}

function listed(what: string, each: readonly string[]): string {
  return each.length === 0 ? what : `${what}: ${each.join(", ")}`;
}

function eventLine({ at, tone, says }: DemoEvent, paint: Paint): string {
  const text = `${at.toTimeString().slice(0, 8)}  ${says}`;
  if (tone === "plain") return text;
  return paint(tone === "good" ? "green" : "red", text);
}

/** `0:07`, `12:40`. */
export function durationText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A line that would wrap loses its color rather than the table its shape. */
function clipped(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : plain.slice(0, columns);
}
