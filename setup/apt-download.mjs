import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { weirFolder } from "./folders.mjs";
import { lastLines, quietly } from "./quietly.mjs";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Downloads one Debian package of a suite from the mirror that this machine uses already, with an apt root of our own:
 * the system's sources, lists and packages stay untouched, and no root is needed.
 * @param {{ name: string, suite: string, into: string }} wanted
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function aptDownload({ name, suite, into }) {
  const mirror = await debianMirror();
  if (!mirror) return "no Debian mirror is named in /etc/apt";
  const aptRoot = weirFolder(`apt.${process.pid}`);
  const empty = join(aptRoot, "empty");
  const folders = [empty, join(aptRoot, "state/lists/partial"), join(aptRoot, "cache/archives/partial")];
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const sources = join(aptRoot, "sources.list");
  await writeFile(sources, `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": empty,
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": empty,
    "Dir::State": join(aptRoot, "state"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(aptRoot, "cache"),
    // apt would otherwise download as the user _apt, who may not write into our folder.
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  try {
    for (const action of [["update"], ["download", name]]) {
      const { ok, output } = await quietly("apt-get", ["-q", ...options, ...action], { cwd: into });
      if (!ok) return `apt-get ${action.join(" ")} (Debian ${suite}) failed:\n  ${lastLines(output)}`;
    }
    return undefined;
  } finally {
    await rm(aptRoot, { recursive: true, force: true });
  }
}

/** The address in the machine's own apt sources that serves Debian's main archive. */
async function debianMirror() {
  const texts = await Promise.all((await sourceFiles()).map((file) => readFile(file, "utf8")));
  return texts.flatMap(mainMirrors)[0];
}

async function sourceFiles() {
  const more = await readdir("/etc/apt/sources.list.d").catch(() => []);
  const files = more.filter((name) => /\.(sources|list)$/.test(name)).map((name) => `/etc/apt/sources.list.d/${name}`);
  const old = (await readdir("/etc/apt").catch(() => [])).filter((name) => name === "sources.list");
  return [...old.map((name) => `/etc/apt/${name}`), ...files.sort()];
}

/**
 * Addresses of archives with Debian's `main`, from either format of apt sources; the security archive is another one.
 * @param {string} text
 * @returns {readonly string[]}
 */
export function mainMirrors(text) {
  const lines = [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/gm)].map(
    ([, address = "", suite = "", components = ""]) => ({ address, suite, components }),
  );
  const stanzas = text.split(/\n\s*\n/).map((stanza) => ({
    address: fieldOf(stanza, "URIs"),
    suite: fieldOf(stanza, "Suites"),
    components: fieldOf(stanza, "Components"),
  }));
  return [...lines, ...stanzas]
    .filter(({ address }) => address !== "" && !address.includes("security"))
    .filter(({ suite }) => debianSuites.test(suite))
    .filter(({ components }) => /\bmain\b/.test(components))
    .map(({ address }) => address.split(/\s+/)[0] ?? "");
}

const debianSuites = /^(oldoldstable|oldstable|stable|testing|unstable|bullseye|bookworm|trixie|forky|duke|sid)\b/;

/**
 * @param {string} stanza
 * @param {string} field
 */
function fieldOf(stanza, field) {
  return new RegExp(`^${field}:\\s*(.+)$`, "m").exec(stanza)?.[1]?.trim() ?? "";
}
