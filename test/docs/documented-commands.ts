import { commandsIn } from "./commands-in.ts";

/** A command that a page tells its readers to run. */
export type DocumentedCommand = {
  readonly page: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** The level-two heading that it stands below, `""` above the first. */
  readonly section: string;
  /** Why no test runs it. */
  readonly notRun?: string;
  /** 0 unless the page says otherwise. */
  readonly exit: number;
  /** Whether it needs the demo on a page that else has a control plane of its own. */
  readonly withDemo?: boolean;
  /** What the page shows as printed, line by line. */
  readonly output?: readonly string[];
};

/** What a page shows as the answer of a command above it: of the last block, or of the one that begins with `of`. */
export type DocumentedAnswer = {
  readonly page: string;
  readonly line: number;
  readonly lang: string;
  readonly text: string;
  readonly of?: string;
  /** Shown is what it says when it is run once more. */
  readonly again: boolean;
};

/** A file that a page shows: YAML whose first line is a comment with its name. */
export type DocumentedFile = { readonly name: string; readonly text: string };

export type DocumentedStep =
  | ({ readonly kind: "command"; readonly block: number } & DocumentedCommand)
  | ({ readonly kind: "answer"; readonly block: number } & DocumentedAnswer);

const shells = ["sh", "bash", "shell", "console"];

/**
 * What a page has its readers type, in order, with what it shows as printed. A comment above a block says what a test has to know and
 * a reader has not: `<!-- not run: REASON -->`, `<!-- exits with 1: REASON -->`, each with `"TEXT"` before the colon for
 * commands that contain it, `<!-- with the demo -->`, `<!-- first: COMMAND -->` for what the text around it takes for granted, and above what is printed `<!-- says "COMMAND" -->` or `<!-- says "COMMAND" again -->`.
 */
export function documentedSteps(page: string, markdown: string): readonly DocumentedStep[] {
  const steps: DocumentedStep[] = [];
  const lines = markdown.split("\n");
  let section = "";
  let lastEnd = -1;
  let block = 0;
  for (let at = 0; at < lines.length; at += 1) {
    section = lines[at]?.match(/^## (.*)/)?.[1] ?? section;
    const fence = lines[at]?.match(/^\s*```(\w*)\s*$/);
    if (!fence) continue;
    const [, lang = ""] = fence;
    const end = lines.findIndex((line, index) => index > at && /^\s*```\s*$/.test(line));
    if (end < 0) throw new Error(`${page}:${at + 1}: the block is not closed`);
    const marks = marksAbove(lines, at);
    const body = lines.slice(at + 1, end);
    const common = { page, section };
    if (shells.includes(lang) || body.some((line) => line.startsWith("$ "))) {
      block += 1;
      for (const mark of marks) {
        const text = mark.match(/^first: (.+)$/)?.[1];
        if (text !== undefined) steps.push({ kind: "command", block, ...common, line: at + 1, exit: 0, text });
      }
      const found = lang === "console" || !shells.includes(lang) ? typedIn(body) : commandsIn(body.join("\n"));
      for (const { at: offset, ...command } of found) {
        const line = at + 2 + offset;
        steps.push({ kind: "command", block, ...common, line, exit: 0, ...command, ...markedAs(command.text, marks) });
      }
      lastEnd = end;
    } else {
      const says = marks.map((mark) => mark.match(/^says "(.+)"( again)?$/)).find((each) => each !== null);
      const follows = lastEnd === at - 1 && (lang === "json" || lang === "text");
      const shown = !marks.some((mark) => mark.startsWith("not run: "));
      if (shown && (says || follows)) {
        const of = says?.[1] === undefined ? {} : { of: says[1] };
        const again = says?.[2] !== undefined;
        steps.push({ kind: "answer", block, page, line: at + 1, lang, text: body.join("\n"), ...of, again });
      }
    }
    at = end;
  }
  return steps;
}

function marksAbove(lines: readonly string[], fence: number): readonly string[] {
  const marks: string[] = [];
  for (let at = fence - 1; at >= 0; at -= 1) {
    const mark = lines[at]?.match(/^\s*<!--\s*(.*?)\s*-->\s*$/)?.[1];
    if (mark === undefined) break;
    marks.unshift(mark);
  }
  return marks;
}

function markedAs(
  text: string,
  marks: readonly string[],
): Partial<Pick<DocumentedCommand, "notRun" | "exit" | "withDemo">> {
  let marked: Partial<Pick<DocumentedCommand, "notRun" | "exit" | "withDemo">> = marks.includes("with the demo")
    ? { withDemo: true }
    : {};
  for (const mark of marks) {
    const [, verb = "", code, part, reason = ""] = mark.match(/^(not run|exits with (\d+))(?: "(.+?)")?: (.+)$/) ?? [];
    if (verb === "" || (part !== undefined && !text.includes(part))) continue;
    marked = code === undefined ? { ...marked, notRun: reason } : { ...marked, exit: Number(code) };
  }
  return marked;
}

/** Of a terminal's contents: `$ ` begins what was typed, all else was printed. */
function typedIn(body: readonly string[]) {
  const starts = body.flatMap((line, index) => (line.startsWith("$ ") ? [index] : []));
  return starts.map((at, index) => {
    const [command] = commandsIn((body[at] ?? "").slice(2));
    const output = body.slice(at + 1, starts[index + 1] ?? body.length).filter((line) => line.trim() !== "");
    return { at, text: command?.text ?? "", ...(output.length > 0 && { output }) };
  });
}

/** Commands in running text and tables: `` `weir status` ``, `` `npm run check` ``. */
export function inlineCommands(page: string, markdown: string): readonly DocumentedCommand[] {
  let fenced = false;
  return markdown.split("\n").flatMap((line, index) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (fenced) return [];
    return [...line.matchAll(/(?<!`)`((?:weir|npm run|npm test|npm start)(?: [^`]*)?)`(?!`)/g)].map(
      ([, text = ""]) => ({
        page,
        line: index + 1,
        section: "",
        exit: 0,
        text,
      }),
    );
  });
}

/** The documents and settings that a page shows with their file's name. */
export function documentedFiles(markdown: string): readonly DocumentedFile[] {
  return [...markdown.matchAll(/(?:`([\w./-]+\.yaml)`:\n)?```yaml\n([\s\S]*?)```/g)].flatMap(
    ([, before, text = ""]) => {
      const name = before ?? text.match(/^# ([\w./-]+\.yaml)\b/)?.[1];
      return name === undefined ? [] : [{ name, text }];
    },
  );
}
