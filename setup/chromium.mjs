import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackDebianPackage } from "./debian-package.mjs";
import { findProgram, isProgram } from "./find-program.mjs";
import { weirFolder } from "./folders.mjs";
import { namedProgram } from "./named-program.mjs";
import { found, missing } from "./part.mjs";
import { say } from "./say.mjs";

const ownFolder = weirFolder("chromium");
const ownChromium = join(ownFolder, "chromium");
const otherWays = "put chromium or google-chrome on PATH, or name one in WEIR_CHROMIUM";

/**
 * Looks for Chromium in WEIR_CHROMIUM, PATH and the project's folder, and else unpacks Debian's package there.
 * @param {boolean} install else it only looks
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findChromium(install) {
  const named = namedProgram("Chromium", "WEIR_CHROMIUM");
  if (named) return named;
  const onPath = ["chromium", "chromium-browser", "google-chrome"].map(findProgram).find((path) => path !== undefined);
  if (onPath) return found(onPath);
  if (isProgram(ownChromium)) return found(ownChromium);
  return install ? unpackChromium() : missing("Chromium", "it is not installed", otherWays);
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function unpackChromium() {
  say("unpacking Debian's package chromium into .weir/chromium (100 MB; the system is left as it is)");
  const problem = await unpackDebianPackage({ name: "chromium", withLibraries: true, into: ownFolder });
  if (problem) return missing("Chromium", problem, otherWays);
  await writeFile(join(ownFolder, "fonts.conf"), fonts);
  await writeFile(ownChromium, launcher);
  await chmod(ownChromium, 0o755);
  return found(ownChromium);
}

// It was built to find its libraries and fonts where Debian installs them. `exec`, so that signals reach the browser itself.
const launcher = `#!/bin/sh
here=$(dirname "$0")
for folder in "$here"/usr/lib/*-linux-gnu* "$here"/usr/lib/*-linux-gnu*/*; do
  [ -d "$folder" ] && LD_LIBRARY_PATH="$folder\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/usr/lib/chromium/chromium" "$@"
`;

const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">usr/share/fonts</dir>
  <alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>sans</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
