import { join } from "node:path";
import type { Child } from "./child.ts";
import { areFree } from "./free-ports.ts";
import type { Programs } from "./programs.ts";
import { unlessAborted } from "./unless-aborted.ts";

export type RunningControlPlane = {
  readonly child: Child;
  /** Where it serves xDS: `127.0.0.1:18000`. */
  readonly xds: string;
  /** Where operators reach it: `http://127.0.0.1:18080`. */
  readonly admin: string;
};

type Ports = { readonly xds: number; readonly admin: number };

/** Starts the control plane on the wanted ports if they are free, and else on any; resolves when it serves. */
export async function startControlPlane({
  programs,
  folder,
  wanted,
  signal,
}: {
  readonly programs: Programs;
  /** Holds its documents in `config`, and gets its data. */
  readonly folder: string;
  readonly wanted: Ports;
  readonly signal: AbortSignal;
}): Promise<RunningControlPlane> {
  const start = async ({ xds, admin }: Ports) => {
    const { child, ready } = await programs.startServer("control-plane", "../main.ts", [
      ...["serve", "--config", join(folder, "config"), "--data", join(folder, "data")],
      ...["--xds", `127.0.0.1:${xds}`, "--admin", `127.0.0.1:${admin}`, "--reports-service", "report"],
      ...["--admin-grpc-address", "127.0.0.1:0"],
      // Its clients are on this machine, and say where they can be asked.
      ...["--clients-admin-allow", "127.0.0.0/8", "--clients-admin-interval", "2s"],
    ]);
    try {
      const line = await unlessAborted(ready, signal);
      return { child, xds: String(line["xds"]), admin: `http://${line["admin"]}` };
    } catch (cause) {
      await child.kill();
      throw cause;
    }
  };
  const any = { xds: 0, admin: 0 };
  if (!(await areFree([wanted.xds, wanted.admin]))) return start(any);
  try {
    return await start(wanted);
  } catch (cause) {
    signal.throwIfAborted();
    // Another demo that was started in the same moment may have been faster.
    if (await areFree([wanted.xds, wanted.admin])) throw cause;
    return start(any);
  }
}
