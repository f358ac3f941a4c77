import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, isProgram } from "./find-program.mjs";
import { root, weirFolder } from "./folders.mjs";
import { found, missing } from "./part.mjs";
import { lastLines, quietly } from "./quietly.mjs";
import { say } from "./say.mjs";

/** Of `k8s.io/kubernetes` in setup/kubernetes/go.mod, which also pins etcd. */
const version = "1.36.1";
const ownFolder = weirFolder("kubernetes", version);
const source = join(root, "setup", "kubernetes");

/** What a control plane of Kubernetes is made of, as far as Weir sees it, by the Go package that each is built from. */
const programs = {
  etcd: "go.etcd.io/etcd/server/v3",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
};

const otherWays = `put ${Object.keys(programs).join(", ")} into one folder, and name that in WEIR_KUBERNETES`;

/**
 * Looks for a folder with etcd and Kubernetes' own programs in WEIR_KUBERNETES and in the project's folder, and builds them from
 * their Go modules if that is wanted: nobody publishes them as a package that could be installed without changing the system.
 * @param {{ install: boolean }} options
 * @returns {Promise<import("./part.mjs").Part>}
 */
export async function findKubernetes({ install }) {
  const named = process.env.WEIR_KUBERNETES;
  if (named) {
    const lacking = Object.keys(programs).filter((name) => !isProgram(join(named, name)));
    if (lacking.length === 0) return found(named);
    return missing("Kubernetes", `WEIR_KUBERNETES names ${named}, which lacks ${lacking.join(", ")}`, "correct it");
  }
  if (Object.keys(programs).every((name) => isProgram(join(ownFolder, name)))) return found(ownFolder);
  if (!install) return missing("Kubernetes", `not built in ${ownFolder}`, "npm run test:kubernetes builds it");
  return build();
}

/** @returns {Promise<import("./part.mjs").Part>} */
async function build() {
  const go = findProgram("go");
  if (!go) return missing("Kubernetes", "there is no go on PATH to build it with", `install Go 1.26, or ${otherWays}`);
  say(`building etcd and Kubernetes ${version} into .weir/kubernetes (once; about ten minutes of two cores)`);
  // Into a folder of its own and then renamed: a build that was cut off is never taken for a whole one.
  const half = `${ownFolder}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    for (const [name, from] of Object.entries(programs)) {
      say(`building ${name}`);
      const args = ["build", "-trimpath", "-ldflags", flags, "-o", join(half, name), from];
      const { ok, output } = await quietly(go, args, { cwd: source });
      if (!ok)
        return missing(
          "Kubernetes",
          `${name} cannot be built:\n  ${lastLines(output)}`,
          `correct that, or ${otherWays}`,
        );
    }
    await rm(ownFolder, { recursive: true, force: true });
    await rename(half, ownFolder);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return found(ownFolder);
}

// Kubernetes refuses to start without a version, which its own build sets in this way.
const stamp = "k8s.io/component-base/version";
const [major, minor] = version.split(".");
const flags = `-s -w -X ${stamp}.gitVersion=v${version} -X ${stamp}.gitMajor=${major} -X ${stamp}.gitMinor=${minor}`;
