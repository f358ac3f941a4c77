import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseSaved } from "../../../../control-plane/src/sources/saved-world.ts";
import { startBackend } from "../../../kit/backend.ts";
import { makeFolder } from "../../../kit/folder.ts";
import { until } from "../../../kit/wait.ts";
import { registerBackend, startConsulScene } from "../consul-scene.ts";
import type { Fault } from "../fault.ts";
import { answered, sendOn } from "../traffic.ts";

const run = promisify(execFile);

export const diskFull: Fault = {
  name: "disk-full",
  breaks: "the disk that Weir saves to is full",
  lacks: () => (process.getuid?.() === 0 ? undefined : "a small file system can only be mounted by root"),
  async run({ say }) {
    await using disk = await mountSmallDisk();
    await using scene = await startConsulScene({ instances: 4, weirArgs: ["--data", disk.path] });
    const { consul, weir, throughEdge, holder } = scene;
    const world = join(disk.path, "world.json");
    const saved = async () => parseSaved(await readFile(world, "utf8"));
    await until(async () => (await saved()).ok, { within: 10_000, what: "the world is saved" });
    await using traffic = sendOn(throughEdge);

    say("the disk is filled");
    await fill(join(disk.path, "filler"));
    const before = await readFile(world, "utf8");
    await using another = await startBackend({ id: "r5", datacenter: "dc-a" });
    await registerBackend(consul, another);
    await until(() => holder.holds("report")?.endpoints === 5, { within: 10_000, what: "a change is still served" });
    const alarm = await weir
      .process()
      .json(({ level, msg }) => level === "error" && /saved|world/.test(String(msg)), 15_000);
    const whole = (await readFile(world, "utf8")) === before && (await saved()).ok;

    say("there is room again");
    await writeFile(join(disk.path, "filler"), "");
    await until(async () => (await readFile(world, "utf8")) !== before && (await saved()).ok, {
      within: 30_000,
      what: "the world is saved again",
    });
    return [
      answered("through Envoy", await traffic.stop()),
      { invariant: "changes are still served", holds: true, found: "5 endpoints instead of 4" },
      { invariant: "the alarm is raised", holds: true, found: String(alarm["msg"]) },
      { invariant: "the old file is whole", holds: whole, found: world },
      { invariant: "saved again as soon as there is room", holds: true, found: world },
    ];
  },
};

async function mountSmallDisk(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await makeFolder("small-disk");
  await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder.path]);
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await run("umount", ["--lazy", folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Writes until nothing more goes in. */
async function fill(file: string): Promise<void> {
  const page = Buffer.alloc(4_096);
  for (;;) {
    try {
      await writeFile(file, page, { flag: "a" });
    } catch {
      return;
    }
  }
}
