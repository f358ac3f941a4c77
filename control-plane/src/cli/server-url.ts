import { demoServer } from "../demo/control-file.ts";

/** Whom to talk to unless --server says: WEIR_SERVER, else a running demo, else a control plane with default ports. */
export function defaultServer(env: Readonly<Record<string, string | undefined>>): string {
  return env["WEIR_SERVER"] || demoServer({ ...env }) || "http://127.0.0.1:18080";
}
