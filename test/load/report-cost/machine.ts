import { arch, cpus, release } from "node:os";

/** What figures were measured on, in words. */
export function machineText(): string {
  return `${cpus().length} cores of ${cpus()[0]?.model}, ${arch()}, Linux ${release()}, Node ${process.versions.node}`;
}
