import { isIP } from "node:net";
import type { JsonObject } from "@bufbuild/protobuf";
import { type Parsed, parsed, refused } from "../lib/parsed.ts";

export type AdminAddress = { readonly host: string; readonly port: number };

/**
 * Where a client says that it can be asked: `metadata.weir.admin` of its node, `address:port`. Only an IP address that is
 * allowed is ever asked: a client must not be able to make Weir call whom it likes, by name or by number.
 */
export function adminAddress(
  metadata: JsonObject | undefined,
  isAllowed: (host: string) => boolean,
): Parsed<AdminAddress> {
  const weir = metadata?.["weir"];
  const admin = weir !== null && typeof weir === "object" && !Array.isArray(weir) ? weir["admin"] : undefined;
  if (admin === undefined)
    return refused({
      at: "",
      says: "its node names no weir.admin: write its bootstrap with `weir bootstrap … --tell-admin`",
    });
  const match = typeof admin === "string" ? /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(admin) : null;
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3]);
  if (isIP(host) === 0 || !(port >= 1 && port <= 65_535))
    return refused({
      at: "",
      says: `its weir.admin ${JSON.stringify(admin)?.slice(0, 80)} is not "address:port", e.g. "127.0.0.1:9901"`,
    });
  if (!isAllowed(host))
    return refused({ at: "", says: `its weir.admin ${host} is in none of the ranges of clients.admin.allow` });
  return parsed({ host, port });
}
