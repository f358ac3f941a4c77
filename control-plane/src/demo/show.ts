import { styleText } from "node:util";
import type { DemoIo } from "./demo-io.ts";
import { type DemoNote, eventOf, seconds } from "./event-of.ts";
import { createScreen } from "./screen.ts";
import { durationText, renderTable, reportsText } from "./table.ts";
import type { StepResult } from "./tour.ts";
import type { View } from "./view.ts";

/** How the demo tells what happens: a live table, plain lines, or JSON lines. */
export type Show = Disposable & {
  /** While everything is being started, and of what comes later. */
  note(note: DemoNote): void;
  /** Once a second. */
  view(view: View): void;
  /** In a check. */
  step(result: StepResult): void;
  /** Anything else, one line. */
  line(text: string): void;
};

export function createShow(kind: "live" | "plain" | "json", { stdout, env }: Pick<DemoIo, "stdout" | "env">): Show {
  const write = (text: string) => void stdout.write(`${text}\n`);
  switch (kind) {
    case "json":
      return jsonShow(write);
    case "plain":
      return plainShow(write);
    case "live":
      return liveShow(stdout, write, env["NO_COLOR"] === undefined);
  }
}

function jsonShow(write: (text: string) => void): Show {
  const tell = (kind: string, fields: object) =>
    write(JSON.stringify({ at: new Date().toISOString(), kind, ...fields }));
  return {
    note(note) {
      const says = eventOf(note)?.says ?? progressOf(note);
      if (says !== undefined) tell(note.kind, { says });
    },
    view: ({ events: _, ...view }) => tell("traffic", view),
    step: (result) => tell("step", result),
    line: (says) => tell("line", { says }),
    [Symbol.dispose]: () => undefined,
  };
}

function plainShow(write: (text: string) => void): Show {
  let shown = 0;
  return {
    note(note) {
      const progress = progressOf(note);
      const event = eventOf(note);
      if (progress !== undefined) write(`  [ok] ${progress}`);
      else if (event) write(`  ${event.says}`);
    },
    view(view) {
      // Lines that stay are read later, and by few: less often than a table that is looked at.
      if (view.upForMs - shown < 5_000) return;
      shown = view.upForMs;
      for (const line of summaryLines(view)) write(line);
    },
    step({ title, ok, says, tookMs }) {
      write(`${ok ? "ok  " : "FAIL"} ${title} (${seconds(tookMs)}): ${says}`);
    },
    line: write,
    [Symbol.dispose]: () => undefined,
  };
}

function liveShow(stdout: NodeJS.WriteStream, write: (text: string) => void, withColor: boolean): Show {
  let screen: ReturnType<typeof createScreen> | undefined;
  const plain = plainShow(write);
  return {
    ...plain,
    note(note) {
      // Once there is a table, its list of events tells.
      if (!screen) plain.note(note);
    },
    view(view) {
      screen ??= createScreen(stdout);
      screen.draw(renderTable(view, screen.size(), withColor));
    },
    line: (text) => write(withColor ? styleText("bold", text, { validateStream: false }) : text),
    [Symbol.dispose]: () => screen?.[Symbol.dispose](),
  };
}

/** The steps of the start, for `[ok]` lines. */
function progressOf(note: DemoNote): string | undefined {
  switch (note.kind) {
    case "control-plane-ready":
      return `control plane    xds ${note.xds}  page and API ${note.admin}/  (${seconds(note.afterMs)})`;
    case "clients-started": {
      const places = note.clients.map(({ name, kind }) => {
        const port = note.edgePorts.get(name);
        return `${name} (${kind}${port === undefined ? "" : ` 127.0.0.1:${port}`})`;
      });
      return `clients          ${places.join(", ")}`;
    }
    case "first-servers-up":
      return `dc-a dc-b dc-c   one report server each, for a start  (${seconds(note.afterMs)})`;
    case "traffic-flows":
      return `traffic          through every client; configuration acked by ${note.acked}/${note.of}  (${seconds(note.afterMs)})`;
    default:
      return undefined;
  }
}

function summaryLines({ clients, datacenters, upForMs, requestsPerSecond, errors, reports }: View): readonly string[] {
  const states = datacenters.map(({ name, up, of, note }) => `${name} ${up}/${of}${note && ` ${note}`}`).join("  ");
  const total = `${durationText(upForMs)}  ${requestsPerSecond.toFixed(0)} req/s  ${errors} errors  ${states}`;
  const shares = clients.map(({ name, rows }) => {
    const each = rows.map(({ observed, configured }, index) => {
      const weight = configured === undefined ? "-" : configured;
      return `${datacenters[index]?.name} ${(observed * 100).toFixed(1)} % (${weight})`;
    });
    return `      ${name.padEnd(10)} ${each.join("  ")}`;
  });
  return [total, `      ${"reports".padEnd(10)} ${reportsText(reports)}`, ...shares];
}

/** What stands above everything: what this is, and that it is nothing else. */
export function bannerLines(): readonly string[] {
  return ["", "  Weir demo - not for production: no auth, loopback only, its data are thrown away", ""];
}
