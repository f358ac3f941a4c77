import { didYouMean } from "../lib/did-you-mean.ts";
import { nameRule, parseServiceName } from "../model/names.ts";
import type { Service } from "../model/service.ts";
import { badRequest, refusal } from "./api-error.ts";
import type { OperatorParts } from "./parts.ts";

/** The service of that name that is being served; throws 400 for what is no name and 404 for an unknown one. */
export function serviceNamed(
  { worlds, whyNotServed }: Pick<OperatorParts, "worlds" | "whyNotServed">,
  name: string,
): Service {
  const parsedName = parseServiceName(name);
  if (!parsedName)
    throw badRequest("the service's name", [{ at: "", says: `${JSON.stringify(name)}: expected ${nameRule}` }]);
  const catalog = worlds.current()?.catalog;
  const found = catalog?.get(parsedName);
  if (found) return found;
  const why = whyNotServed(parsedName);
  if (why !== undefined) throw refusal(404, "NOT_FOUND", "SERVICE_NOT_SERVED", `"${name}" is not served: ${why}`);
  const hint = didYouMean(name, catalog?.keys() ?? []);
  throw refusal(404, "NOT_FOUND", "NO_SUCH_SERVICE", `there is no service "${name}"${hint || "."}`);
}
