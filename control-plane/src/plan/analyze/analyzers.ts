import type { Analyzer } from "./analyzer.ts";
import { balancingAnalyzers } from "./balancing.ts";
import { capacityAnalyzers } from "./capacity.ts";
import { clientAnalyzers } from "./clients.ts";
import { connectionAnalyzers } from "./connections.ts";
import { ejectionAnalyzers } from "./ejection.ts";
import { limitAnalyzers } from "./limits.ts";
import { overrideAnalyzers } from "./overrides.ts";
import { retryAnalyzers } from "./retries.ts";
import { routeAnalyzers } from "./routes.ts";
import { serviceAnalyzers } from "./services.ts";
import { splitAnalyzers } from "./splits.ts";
import { subsetAnalyzers } from "./subsets.ts";

/** Every analyzer, by code. A code that was given once is never given to something else. */
export const analyzers: readonly Analyzer[] = [
  ...splitAnalyzers,
  ...subsetAnalyzers,
  ...capacityAnalyzers,
  ...routeAnalyzers,
  ...connectionAnalyzers,
  ...ejectionAnalyzers,
  ...limitAnalyzers,
  ...retryAnalyzers,
  ...balancingAnalyzers,
  ...clientAnalyzers,
  ...serviceAnalyzers,
  ...overrideAnalyzers,
].sort((a, b) => (a.code < b.code ? -1 : 1));
