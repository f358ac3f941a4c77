import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { LoginWay } from "./auth/logins.ts";
import type { OperatorParts } from "./parts.ts";

export type OperatorApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export type OperatorContext = {
  readonly parts: OperatorParts;
  /** Aborts when the server is to close: what waits answers early. */
  readonly closing: AbortSignal;
  /** Undefined: whoever is asked who they are brings a token. */
  readonly login?: (() => Promise<LoginWay>) | undefined;
};
