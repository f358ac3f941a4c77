import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** What a browser is given as one module: its path below the page's address, and JavaScript. */
export type PageModule = { readonly path: string; readonly script: string };

const controlPlane = new URL("../../", import.meta.url);

/** npm packages that the page uses, by name: each is one file without imports of its own. */
const packages = { preact: "page/preact.mjs" } as const;

// A static import or re-export; what is left of one that had only types is no statement any more.
const statement = /^(\s*(?:import|export)\b[^"';]*?\bfrom\s*|\s*import\s*)"([^"]+)"/gm;

/**
 * The page's entry and all that it imports, as JavaScript: types are blanked out, so that lines and columns stay those of the
 * sources. `entry` and the paths are relative to the control plane's folder: what is pure in `src` is used by the page, too.
 */
export async function pageModules(entry: string): Promise<readonly PageModule[]> {
  const modules = new Map<string, PageModule>();
  const read = async (path: string): Promise<void> => {
    if (modules.has(path)) return;
    modules.set(path, { path, script: "" });
    const source = withoutTypes(await readFile(new URL(path, controlPlane), "utf8"));
    const imported: string[] = [];
    const script = source.replace(statement, (_whole, before: string, from: string) => {
      const target = targetOf(path, from);
      if (from.startsWith(".")) imported.push(target);
      return `${before}"${posix.relative(posix.dirname(path), target).replace(/^(?!\.)/, "./")}"`;
    });
    modules.set(path, { path, script });
    for (const each of imported) await read(each);
  };
  await read(entry);
  for (const [name, path] of Object.entries(packages)) modules.set(path, { path, script: await packageText(name) });
  return [...modules.values()];
}

function targetOf(importer: string, from: string): string {
  if (from.startsWith(".")) return posix.join(posix.dirname(importer), from);
  const found = Object.entries(packages).find(([name]) => name === from);
  if (!found) throw new Error(`${importer} imports ${from}, which no browser has: page-modules.ts lists what it may`);
  return found[1];
}

async function packageText(name: string): Promise<string> {
  const text = await readFile(fileURLToPath(import.meta.resolve(name)), "utf8");
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, "");
}

/** Without Node's warning that this function is an experiment: what it does is tested, and the log is for operators. */
function withoutTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
