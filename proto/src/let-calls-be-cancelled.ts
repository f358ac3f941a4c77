import type { Server } from "@grpc/grpc-js";
import { http2OptionsOf } from "./http2-options.ts";

// A call that is cancelled costs no more than one that is not, and who calls too often is told so by tenant. What is left
// to bound is a flood on one connection that nobody waits for.
const cancelledAtOnce = 50_000;
const cancelledPerSecond = 10_000;

/**
 * Node closes a connection with INTERNAL_ERROR, and all calls on it, where clients cancel 1,000 calls at once or 33 a second
 * (streamResetBurst and streamResetRate, since CVE-2023-44487). That is meant for one browser. A proxy has the calls of all its
 * clients on one connection, and when a server is slow their deadlines pass together: each that was closed would fail the rest.
 */
export function letCallsBeCancelled(server: Server): void {
  const options = http2OptionsOf(server);
  if (options) Object.assign(options, { streamResetBurst: cancelledAtOnce, streamResetRate: cancelledPerSecond });
}
