import { isIP, isIPv4 } from "node:net";
import { flagGroup } from "./flag-group.ts";

/** How receivers are told that reports have ended. */
export type Notifying = {
  /** Undefined: no report can have a receiver. */
  readonly notifySecrets: string | undefined;
  /** Networks (CIDR) that are not public, and in which receivers may be all the same. */
  readonly notifyNetworks: readonly string[];
};

export const notifying = flagGroup(
  [
    {
      name: "notify-secrets",
      value: "PATH",
      help: "what notices of ended reports are signed with, lines of TENANT whsec_BASE64 [whsec_BASE64]; none are sent where not given",
    },
    {
      name: "notify-networks",
      value: "CIDR,…",
      help: "networks that are not public in which receivers may be, such as 10.1.0.0/16; with 127.0.0.0/8 also by http",
    },
  ],
  (flags): Notifying => {
    const notifyNetworks = (flags.get("notify-networks") ?? "").split(",").filter((one) => one !== "");
    for (const one of notifyNetworks.filter((text) => !isNetwork(text)))
      flags.say("notify-networks", `must be networks such as 10.1.0.0/16 or fd00::/8, and "${one}" is none`);
    return { notifySecrets: flags.get("notify-secrets"), notifyNetworks };
  },
);

function isNetwork(text: string): boolean {
  const [, address = "", prefix = ""] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(prefix) <= (isIPv4(address) ? 32 : 128);
}
