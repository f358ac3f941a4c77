import { lookup } from "node:dns";
import { createRequire } from "node:module";
import type { LookupFunction } from "node:net";
import type { IsOpen } from "./open-addresses.ts";
import { addressOf } from "./parse-notify-url.ts";

// Not imported: see presence/http-json.ts.
const require = createRequire(import.meta.url);
const { request } = require("node:http") as typeof import("node:http");
const { request: requestTls } = require("node:https") as typeof import("node:https");

export type Message = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** Sends a message over a connection of its own and answers with the HTTP status, whatever it is; nothing is followed. */
export type Post = (url: URL, message: Message, signal: AbortSignal) => Promise<number>;

/**
 * Connects to nothing but open addresses. What a name leads to is looked at when it is connected to: it may have led
 * elsewhere when the name was checked.
 */
export function createPost(isOpen: IsOpen): Post {
  const lookUpOpen: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, "", 4);
      const open = found.filter(({ address }) => isOpen(address));
      const [first] = open;
      if (!first)
        return callback(new Error(closedSays(hostname, found.map(({ address }) => address).join(", "))), "", 4);
      if (options.all) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };
  return (url, { headers, body }, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const address = addressOf(url);
    // Addresses are not looked up.
    if (address !== undefined && !isOpen(address)) throw new Error(closedSays(url.hostname, address));
    const send = url.protocol === "https:" ? requestTls : request;
    const options = { method: "POST", headers, signal, agent: false, lookup: lookUpOpen } as const;
    const sent = send(url, options, (response) => {
      resolve(response.statusCode ?? 0);
      // What it says beside that is of no use, and may have no end.
      response.destroy();
    });
    sent.on("error", reject);
    sent.end(body);
    return promise;
  };
}

function closedSays(host: string, addresses: string): string {
  return `${host} leads to ${addresses}, where --notify-networks lets no notice go`;
}
