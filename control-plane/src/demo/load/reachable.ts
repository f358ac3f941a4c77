import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until something listens at `host:port`. A gRPC channel that finds nobody waits a second and more before it tries
 * again; looking first lets the load begin as soon as there is someone to begin with.
 */
export async function reachable(address: string, signal: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`);
  while (!signal.aborted) {
    const socket = connect({ host: hostname, port: Number(port) });
    try {
      await once(socket, "connect", { signal });
      return;
    } catch {
      await delay(25, undefined, { signal }).catch(() => undefined);
    } finally {
      socket.destroy();
    }
  }
}
