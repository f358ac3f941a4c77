import { analyzeRoutes } from "./analyze-routes.ts";
import { authRoutes } from "./auth/auth-routes.ts";
import { clientResourceRoutes } from "./client-resource-routes.ts";
import { clientRoutes } from "./client-routes.ts";
import { configRoutes } from "./config-routes.ts";
import { describeRoutes } from "./describe-routes.ts";
import { documentRoutes } from "./document-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { drainRoutes } from "./drain-routes.ts";
import { explainRoutes } from "./explain-routes.ts";
import { guardRoutes } from "./guard-routes.ts";
import { logLevelRoutes } from "./log-level-routes.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";
import { planRoutes } from "./plan-routes.ts";
import { registryRoutes } from "./registry-routes.ts";
import { revisionRoutes } from "./revisions/revision-routes.ts";
import { selfRoutes } from "./self-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { sourceRoutes } from "./source-routes.ts";
import { storeRoutes } from "./store-routes.ts";
import { trafficRoutes } from "./traffic-routes.ts";
import { shiftRoutes } from "./shift-routes.ts";

/** Adds every route of the API. */
export function addRoutes(app: OperatorApp, context: OperatorContext): void {
  documentRoutes(app, context);
  describeRoutes(app, context);
  configRoutes(app, context);
  revisionRoutes(app, context);
  planRoutes(app, context);
  analyzeRoutes(app, context);
  registryRoutes(app, context);
  clientRoutes(app, context);
  clientResourceRoutes(app, context);
  sourceRoutes(app, context);
  guardRoutes(app, context);
  storeRoutes(app, context);
  serviceRoutes(app, context);
  trafficRoutes(app, context);
  drainRoutes(app, context);
  explainRoutes(app, context);
  eventRoutes(app, context);
  selfRoutes(app, context);
}
  logLevelRoutes(app, context);
  shiftRoutes(app, context);
  logLevelRoutes(app, context);
  authRoutes(app);
  pageRoutes(app);
