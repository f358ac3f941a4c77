import { readFile } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import type { Fault } from "./interceptors.ts";

const lookEveryMs = 200;

/** What the fault file has to tell. */
export type FaultNote =
  | { readonly kind: "fault-on"; readonly code: status; readonly percent: number }
  | { readonly kind: "fault-off" }
  | { readonly kind: "fault-file-wrong"; readonly cause: Error };

export type FaultSwitch = { readonly fault: () => Fault | undefined } & Disposable;

/** Follows a file such as `{"status":"UNAVAILABLE","percent":100}`; no file, no fault. Polled, so that it may come and go as it likes. */
export async function watchFaultFile(path: string, observe: (note: FaultNote) => void): Promise<FaultSwitch> {
  let text: string | undefined;
  let fault: Fault | undefined;

  async function look(): Promise<void> {
    const now = await readFile(path, "utf8").catch(() => undefined);
    if (now === text) return;
    text = now;
    try {
      const before = fault;
      fault = now === undefined ? undefined : parseFault(now);
      if (fault) observe({ kind: "fault-on", ...fault });
      else if (before) observe({ kind: "fault-off" });
    } catch (cause) {
      // Perhaps half written: what was in force stays until the file can be read.
      observe({ kind: "fault-file-wrong", cause: new Error(`${path}: ${(cause as Error).message}`, { cause }) });
    }
  }

  await look();
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return { fault: () => fault, [Symbol.dispose]: () => clearInterval(timer) };
}

function parseFault(text: string): Fault {
  const { status: name, percent = 100 } = JSON.parse(text) as { status?: unknown; percent?: unknown };
  const code = typeof name === "string" ? status[name as keyof typeof status] : undefined;
  if (typeof code !== "number" || code === status.OK)
    throw new Error(`"status" must be a gRPC code such as UNAVAILABLE`);
  if (typeof percent !== "number" || percent < 0 || percent > 100) throw new Error(`"percent" must be 0 to 100`);
  return { code, percent };
}
