import { setTimeout as delay } from "node:timers/promises";
import type { LoginWay } from "./auth/logins.ts";
import type { Tokens } from "./auth/tokens.ts";
import { createOperatorApp, type OperatorTls } from "./operator-app.ts";
import type { OperatorApp } from "./operator-context.ts";
import type { OperatorNote, OperatorParts } from "./parts.ts";

export type OperatorOptions = {
  readonly listen: { readonly host: string; readonly port: number };
  /** Names besides localhost and IP addresses under which requests may come. */
  readonly hosts: readonly string[];
  readonly parts: OperatorParts;
  /** Undefined: nobody is asked who they are, as on loopback. */
  readonly tokens?: Tokens | undefined;
  /** How one logs in by an OpenID provider. */
  readonly login?: (() => Promise<LoginWay>) | undefined;
  /** Undefined is plaintext. */
  readonly tls?: OperatorTls | undefined;
  readonly observe: (note: OperatorNote) => void;
};

export type OperatorServer = AsyncDisposable & {
  readonly address: string;
  readonly port: number;
  /** Asks a route within the process, as the gRPC API does. */
  readonly inject: OperatorApp["inject"];
};

// Long enough for an answer that is being written, short enough for an orchestrator's grace period.
const closeWithinMs = 2_000;

/** Serves the REST API until disposed of; port 0 chooses a free one. Disposing lets running requests finish for 2 s. */
export async function startOperator({ listen, ...options }: OperatorOptions): Promise<OperatorServer> {
  const closing = new AbortController();
  const app = await createOperatorApp({ ...options, closing: closing.signal });
  try {
    await app.listen({ host: listen.host, port: listen.port });
  } catch (cause) {
    await app.close();
    throw new Error(
      `the operator's API cannot listen on ${listen.host}:${listen.port}: ${(cause as Error).message}; choose another with --admin`,
      { cause },
    );
  }
  const bound = app.server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : listen.port;
  return {
    address: listen.host,
    port,
    inject: app.inject.bind(app) as OperatorApp["inject"],
    async [Symbol.asyncDispose]() {
      closing.abort();
      const late = new AbortController();
      const force = delay(closeWithinMs, undefined, { signal: late.signal }).then(
        () => app.server.closeAllConnections(),
        () => undefined,
      );
      await app.close();
      late.abort();
      await force;
    },
  };
}
