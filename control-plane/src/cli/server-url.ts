import { demoServer } from "../demo/control-file.ts";
import { type Context, contextNamed, readContexts } from "./contexts-file.ts";

/**
 * Whom to talk to, and the token file that goes with it: what the flags say, else WEIR_SERVER, WEIR_CONTEXT, the context in use, a
 * running demo, or a control plane with default ports.
 */
export function chosenServer(
  { server, context }: { readonly server?: string | undefined; readonly context?: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Context {
  if (server) return { server };
  if (context) return contextNamed(readContexts(env), context);
  if (env["WEIR_SERVER"]) return { server: env["WEIR_SERVER"] };
  const contexts = readContexts(env);
  const name = env["WEIR_CONTEXT"] || contexts.current;
  if (name) return contextNamed(contexts, name);
  return { server: demoServer({ ...env }) || "http://127.0.0.1:18080" };
}
