import { capacity } from "./situations-capacity.ts";
import { hashing } from "./situations-hashing.ts";
import { health } from "./situations-health.ts";
import { routes } from "./situations-routes.ts";
import { trouble } from "./situations-trouble.ts";
import { weights } from "./situations-weights.ts";

/** The table. */
export const situations = [...weights, ...health, ...trouble, ...capacity, ...routes, ...hashing];
