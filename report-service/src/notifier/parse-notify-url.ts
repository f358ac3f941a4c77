import { isIP } from "node:net";
import type { IsOpen } from "./open-addresses.ts";

const longest = 2_048;

/** Where a notice may be sent, or what is wrong with it; names are looked up only when something is sent. */
export function parseNotifyUrl(text: string, isOpen: IsOpen): URL | { readonly says: string } {
  if (text.length > longest) return { says: `must have at most ${longest} characters, not ${text.length}` };
  if (!URL.canParse(text)) return { says: "must be a URL such as https://example.org/reports" };
  const url = new URL(text);
  const address = addressOf(url);
  const isOwn = address !== undefined && /^(127\.|::1$)/.test(address) && isOpen(address);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isOwn)) return { says: "must be an https URL" };
  if (url.username !== "" || url.password !== "" || url.hash !== "")
    return { says: "must have no user, password or fragment" };
  if (address !== undefined && !isOpen(address)) return { says: `must not lead to ${address}, which is not public` };
  return url;
}

/** The address that stands in a URL itself; undefined for a name. */
export function addressOf({ hostname }: URL): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? undefined : host;
}
