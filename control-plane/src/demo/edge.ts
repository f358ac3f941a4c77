import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { envoyBootstrap } from "../bootstrap/envoy.ts";
import type { Child } from "./child.ts";
import type { DemoClient } from "./clients.ts";
import { freePorts } from "./free-ports.ts";
import type { Programs } from "./programs.ts";

/** Starts an Envoy edge that gets everything but its bootstrap from the control plane. */
export async function startEdge({
  client: { name, datacenter, zone },
  port,
  xdsPort,
  folder,
  envoy,
  programs,
}: {
  readonly client: DemoClient;
  /** Where it takes requests. */
  readonly port: number;
  readonly xdsPort: number;
  /** Where its bootstrap and the address of its admin pages are written. */
  readonly folder: string;
  /** The Envoy program. */
  readonly envoy: string;
  readonly programs: Programs;
}): Promise<Child> {
  const host = "127.0.0.1";
  // Chosen before it starts, as its node has to name it.
  const [adminPort = 0] = await freePorts([0]);
  const bootstrap = envoyBootstrap({
    nodeId: name,
    role: "edge",
    locality: { region: datacenter, zone, subZone: "" },
    xds: { host, port: xdsPort },
    listen: { host, port },
    admin: { host, port: adminPort },
    tellsAdmin: true,
  });
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(bootstrap, undefined, 2));
  return programs.start(name, envoy, [
    ...["--config-path", file, "--admin-address-path", join(folder, `${name}.admin`)],
    // Several Envoys on one machine: each gets shared memory of its own.
    ...["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"],
  ]);
}
