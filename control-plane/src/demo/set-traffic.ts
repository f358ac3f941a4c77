import { lastWords } from "./child.ts";
import type { Programs } from "./programs.ts";

/** `weir traffic set report dc-a=20 dc-b=80`, as a user types it; fails with what it said. */
export async function setTraffic(programs: Programs, admin: string, shares: readonly string[]): Promise<void> {
  const args = ["traffic", "set", "report", ...shares, "--server", admin];
  await using child = await programs.startNode("weir-traffic-set", "../main.ts", args);
  const exit = await child.exit;
  if (exit.code !== 0) throw new Error(await lastWords(child, exit));
}
