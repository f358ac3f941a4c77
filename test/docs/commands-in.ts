/** A command as a shell takes it: its text without comments, and the line that it begins at, from 0. */
export type ShellCommand = { readonly text: string; readonly at: number };

/** The commands of a piece of shell, with quotes and `\` at the end of lines heeded; here-documents are not known. */
export function commandsIn(shell: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let text = "";
  let begun = 0;
  let line = 0;
  let quote = "";
  const end = () => {
    if (text.trim() !== "") commands.push({ text: text.trim(), at: begun });
    text = "";
  };
  for (let at = 0; at < shell.length; at += 1) {
    const char = shell[at] ?? "";
    if (text.trim() === "") begun = line;
    if (char === "\n") line += 1;
    if (quote === "" && char === "#" && /^$|\s$/.test(text)) {
      while (at + 1 < shell.length && shell[at + 1] !== "\n") at += 1;
    } else if (char === "\\" && quote !== "'") {
      if (shell[at + 1] === "\n") line += 1;
      text += char + (shell[at + 1] ?? "");
      at += 1;
    } else if (quote === "" && char === "\n") {
      end();
    } else {
      if (quote === char) quote = "";
      else if (quote === "" && (char === "'" || char === '"')) quote = char;
      text += char;
    }
  }
  end();
  return commands;
}
