import type { Analyzer } from "./analyzer.ts";
import { balancingAnalyzers } from "./balancing.ts";
import { clientAnalyzers } from "./clients.ts";
import { ejectionAnalyzers } from "./ejection.ts";
import { limitAnalyzers } from "./limits.ts";
import { overrideAnalyzers } from "./overrides.ts";
import { retryAnalyzers } from "./retries.ts";
import { serviceAnalyzers } from "./services.ts";
import { splitAnalyzers } from "./splits.ts";

/** Every analyzer, by code. A code that was given once is never given to something else. */
export const analyzers: readonly Analyzer[] = [
  ...splitAnalyzers,
  ...ejectionAnalyzers,
  ...limitAnalyzers,
  ...retryAnalyzers,
  ...balancingAnalyzers,
  ...clientAnalyzers,
  ...serviceAnalyzers,
  ...overrideAnalyzers,
].sort((a, b) => (a.code < b.code ? -1 : 1));
