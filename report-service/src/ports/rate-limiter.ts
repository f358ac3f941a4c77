import type { TenantId } from "../model/names.ts";

export type Taken = { readonly kind: "taken" } | { readonly kind: "limited"; readonly retryAfterMs: number };

/** What each tenant may ask for, as `gcra` paces it; shared by all servers where the provider is. */
export type RateLimiter = {
  /** Takes `cost` from the tenant's allowance, or says when to come back. */
  take(tenant: TenantId, cost: number, nowMs: number): Promise<Taken>;
};
