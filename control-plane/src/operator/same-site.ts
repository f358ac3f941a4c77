import { isIP } from "node:net";

/**
 * Why a request must not be answered, when its Host or Origin shows that a web page of somebody else sent it (DNS rebinding,
 * CSRF); undefined when all is well. A page cannot choose these two headers. `hosts` are the names that the server goes by
 * besides localhost and any IP address: a rebinding page needs a name.
 */
export function refusalOfOrigin(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  hosts: readonly string[],
): string | undefined {
  const host = headers.host ?? "";
  const name = hostName(host);
  if (name === undefined) return `the Host header "${host}" is not host or host:port`;
  if (isIP(name) === 0 && name !== "localhost" && !hosts.includes(name))
    return `this server does not go by the name "${name}": use its IP address or localhost, or tell it its name by admin.hosts`;
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const from = URL.canParse(origin) ? new URL(origin).host.toLowerCase() : undefined;
  return from === host.toLowerCase() ? undefined : `requests from pages of ${origin} are not answered`;
}

function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
