import type { Addresses } from "../postgres/connect.ts";

/**
 * One URL for each server of `postgres://USER@ONE:5432,TWO:5432/DATABASE`, as libpq writes several; undefined where the text
 * is no URL of Postgres.
 */
export function parsePostgresUrl(text: string): Addresses | undefined {
  const [, start, hosts, rest] = /^(postgres(?:ql)?:\/\/(?:[^@/?]*@)?)([^/?@]+)((?:[/?].*)?)$/.exec(text) ?? [];
  if (start === undefined || hosts === undefined) return undefined;
  const addresses = hosts.split(",").map((host) => `${start}${host}${rest}`);
  return addresses.every((address) => URL.canParse(address) && new URL(address).hostname !== "")
    ? addresses
    : undefined;
}
