import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { lastLines, quietly } from "./quietly.mjs";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Downloads one Debian package from the mirror that this machine uses already and unpacks it into a folder, with an apt
 * root of our own: the system's sources, lists and packages stay untouched, and no root is needed.
 * @param {{ name: string, suite?: string, withLibraries?: boolean, into: string }} wanted the machine's own suite unless
 *   one is given; `withLibraries` also takes what the package needs and the machine lacks
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function unpackDebianPackage({ name, suite, withLibraries = false, into }) {
  if (!findProgram("apt-get") || !findProgram("dpkg-deb"))
    return "it is taken from Debian's packages, and this is not Debian";
  const [mirror] = await debianMirrors();
  if (!mirror) return "it is taken from Debian's packages, and /etc/apt names no Debian mirror";
  // Unpacked elsewhere and then renamed: what was cut off is never taken for the whole.
  const half = `${into}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    const problem = await download(name, `${mirror.address} ${suite ?? mirror.suite} main`, withLibraries, half);
    if (problem) return problem;
    for (const file of (await readdir(half)).filter((name) => name.endsWith(".deb"))) {
      const { ok, output } = await quietly("dpkg-deb", ["-x", join(half, file), half]);
      if (!ok) return `dpkg-deb could not unpack ${file}:\n  ${lastLines(output)}`;
      await rm(join(half, file));
    }
    await rm(into, { recursive: true, force: true });
    await rename(half, into);
    return undefined;
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {string} source what follows `deb` in a line of apt's sources
 * @param {boolean} withLibraries
 * @param {string} into
 */
async function download(name, source, withLibraries, into) {
  const aptRoot = weirFolder(`apt.${process.pid}.${name}`);
  const empty = join(aptRoot, "empty");
  const sources = join(aptRoot, "sources.list");
  const settings = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": empty,
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": empty,
    "Dir::State": join(aptRoot, "state"),
    // What is installed decides what is lacking.
    "Dir::State::status": withLibraries ? "/var/lib/dpkg/status" : "/dev/null",
    "Dir::Cache": join(aptRoot, "cache"),
    // Nothing is installed, so what others may install meanwhile needs no waiting for, nor root's lock.
    ...(withLibraries && { "Dir::Cache::archives": into, "Debug::NoLocking": "true" }),
    // apt would otherwise download as the user _apt, who may not write into our folder.
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  try {
    for (const folder of ["empty", "state/lists/partial", "cache/archives/partial"]) {
      await mkdir(join(aptRoot, folder), { recursive: true });
    }
    await mkdir(join(into, "partial"), { recursive: true });
    await writeFile(sources, `deb [signed-by=${keyring}] ${source}\n`);
    const fetch = withLibraries
      ? ["install", "--yes", "--download-only", "--no-install-recommends", name]
      : ["download", name];
    for (const action of [["update"], fetch]) {
      const { ok, output } = await quietly("apt-get", ["-q", ...options, ...action], { cwd: into });
      if (!ok) return `apt-get ${action.join(" ")} failed:\n  ${lastLines(output)}`;
    }
    return undefined;
  } finally {
    await rm(join(into, "partial"), { recursive: true, force: true });
    await rm(join(into, "lock"), { force: true });
    await rm(aptRoot, { recursive: true, force: true });
  }
}

/** The archives in the machine's own apt sources that hold Debian's `main`. */
async function debianMirrors() {
  const parts = await readdir("/etc/apt/sources.list.d").catch(() => []);
  const named = parts.filter((name) => /\.(sources|list)$/.test(name)).sort();
  const files = ["/etc/apt/sources.list", ...named.map((name) => `/etc/apt/sources.list.d/${name}`)];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.flatMap(mainMirrors);
}

const debianSuite = /^(oldoldstable|oldstable|stable|testing|unstable|bullseye|bookworm|trixie|forky|duke|sid)$/;

/**
 * Addresses of archives with Debian's `main`, from either format of apt sources; the security archive is another one.
 * @param {string} text
 * @returns {readonly { readonly address: string, readonly suite: string }[]}
 */
export function mainMirrors(text) {
  const lines = [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/gm)].map(
    ([, address = "", suite = "", components = ""]) => ({ address, suite, components }),
  );
  const stanzas = text.split(/\n\s*\n/).map((stanza) => ({
    address: firstOf(stanza, "URIs"),
    suite: firstOf(stanza, "Suites"),
    components: fieldOf(stanza, "Components"),
  }));
  return [...lines, ...stanzas]
    .filter(({ address }) => address !== "" && !address.includes("security"))
    .filter(({ suite, components }) => debianSuite.test(suite) && /\bmain\b/.test(components))
    .map(({ address, suite }) => ({ address, suite }));
}

/**
 * @param {string} stanza
 * @param {string} field
 */
function fieldOf(stanza, field) {
  return new RegExp(`^${field}:\\s*(.+)$`, "m").exec(stanza)?.[1]?.trim() ?? "";
}

/**
 * @param {string} stanza
 * @param {string} field
 */
function firstOf(stanza, field) {
  return fieldOf(stanza, field).split(/\s+/)[0] ?? "";
}
