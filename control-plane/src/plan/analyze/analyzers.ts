import type { Analyzer } from "./analyzer.ts";
import { balancingAnalyzers } from "./balancing.ts";
import { capacityAnalyzers } from "./capacity.ts";
import { connectionAnalyzers } from "./connections.ts";
import { ejectionAnalyzers } from "./ejection.ts";
import { grpcDiffersAnalyzers } from "./grpc-differs.ts";
import { grpcIgnoresAnalyzers } from "./grpc-ignores.ts";
import { limitAnalyzers } from "./limits.ts";
import { overrideAnalyzers } from "./overrides.ts";
import { panicAnalyzers } from "./panic.ts";
import { retryAnalyzers } from "./retries.ts";
import { routeClientAnalyzers } from "./route-clients.ts";
import { routeAnalyzers } from "./routes.ts";
import { serviceAnalyzers } from "./services.ts";
import { splitReachAnalyzers } from "./split-reach.ts";
import { splitAnalyzers } from "./splits.ts";
import { subsetAnalyzers } from "./subsets.ts";

/** Every analyzer, by code. A code that was given once is never given to something else. */
export const analyzers: readonly Analyzer[] = [
  ...splitAnalyzers,
  ...splitReachAnalyzers,
  ...subsetAnalyzers,
  ...capacityAnalyzers,
  ...routeAnalyzers,
  ...routeClientAnalyzers,
  ...connectionAnalyzers,
  ...ejectionAnalyzers,
  ...panicAnalyzers,
  ...limitAnalyzers,
  ...retryAnalyzers,
  ...balancingAnalyzers,
  ...grpcIgnoresAnalyzers,
  ...grpcDiffersAnalyzers,
  ...serviceAnalyzers,
  ...overrideAnalyzers,
].sort((a, b) => (a.code < b.code ? -1 : 1));
