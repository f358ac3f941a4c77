import { once } from "node:events";
import { createServer } from "node:net";

/**
 * One free TCP port of the loopback address for each wanted one: that one itself unless it is taken or `0`.
 *
 * Others come from below the range that the kernel gives to outgoing connections (32768 and up on Linux): between here and
 * the program's own bind, a port out of that range could go to a stranger's connection.
 */
export async function freePorts(wanted: readonly number[]): Promise<readonly number[]> {
  const ports: number[] = [];
  for (const preferred of wanted) {
    let port = preferred;
    while (port === 0 || ports.includes(port) || !(await isFree(port))) {
      port = 15_000 + Math.floor(Math.random() * 17_000);
    }
    ports.push(port);
  }
  return ports;
}

/** Whether all of these are free at this moment; 0 always is. */
export async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (port !== 0 && !(await isFree(port))) return false;
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
