import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../kit/folder.ts";
import { freePorts } from "../kit/ports.ts";
import type { DocumentedFile } from "./documented-commands.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A folder that a reader could be in: what a clone has, and the files that pages show; what they leave behind goes with it. */
export type Scene = AsyncDisposable & {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  openTerminal(env?: Readonly<Record<string, string>>): Promise<Terminal>;
};

/** Makes one. `demo` is the folder by which a second terminal finds a demo. */
export async function makeScene({
  files,
  demo,
}: {
  readonly files: readonly DocumentedFile[];
  readonly demo: string;
}): Promise<Scene> {
  const folder = await makeFolder("docs");
  const clone = join(folder.path, "weir");
  const home = join(folder.path, "home");
  await mkdir(clone);
  await mkdir(home);
  const mine = (await readdir(root)).filter((name) => !name.startsWith("."));
  for (const name of mine) await symlink(join(root, name), join(clone, name));
  for (const { name, text } of files) {
    await mkdir(dirname(join(clone, name)), { recursive: true });
    await writeFile(join(clone, name), text);
  }
  const { WEIR_ENVOY, WEIR_PROMETHEUS, WEIR_GRPCURL, PATH = "" } = process.env;
  const programs = [join(clone, "node_modules/.bin"), ...(WEIR_ENVOY ? [dirname(WEIR_ENVOY)] : [])];
  if (WEIR_PROMETHEUS) programs.push(WEIR_PROMETHEUS);
  if (WEIR_GRPCURL) programs.push(dirname(WEIR_GRPCURL));
  const [xds, admin, grpc] = await freePorts(3);
  const env = {
    PATH: [...programs, PATH].join(delimiter),
    HOME: home,
    XDG_CONFIG_HOME: home,
    WEIR_DEMO_DIR: demo,
    WEIR_XDS: `127.0.0.1:${xds}`,
    WEIR_ADMIN: `127.0.0.1:${admin}`,
    WEIR_ADMIN_GRPC: `127.0.0.1:${grpc}`,
  };
  let terminals = 0;
  return {
    folder: clone,
    env,
    openTerminal(more = {}) {
      terminals += 1;
      return openTerminal({
        folder: clone,
        notes: join(folder.path, `terminal-${terminals}`),
        env: { ...env, ...more },
      });
    },
    async [Symbol.asyncDispose]() {
      await rm(folder.path, { recursive: true, force: true });
    },
  };
}
