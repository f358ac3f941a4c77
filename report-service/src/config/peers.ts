import type { PeerSettings } from "../postgres/open-peer.ts";
import { flagGroup } from "./flag-group.ts";
import { parsePostgresUrl } from "./postgres-url.ts";
import { withoutPassword } from "./without-password.ts";

/** The databases of other data centers, and those data centers that will not come back. */
export type Peers = { readonly peers: readonly PeerSettings[]; readonly lostDatacenters: ReadonlySet<string> };

const form = "DC=postgres://USER@HERE,THERE/DATABASE";

export const peers = flagGroup(
  [
    {
      name: "peer",
      value: "DC=URL,…",
      repeatable: true,
      help: `the Postgres of another data center, ${form}: first its replica in this one, then its servers (docs/report-service/data-centers.md)`,
    },
    {
      name: "lost-datacenters",
      value: "DC,…",
      help: "will not come back: what was made there and is not here is lost, and may be retried (docs/report-service/data-centers.md)",
    },
  ],
  (flags): Peers => {
    // Hosts of a URL are separated by commas, too.
    const given = (flags.get("peer") ?? "").split(/,(?=[^,=/]+=postgres(?:ql)?:)/).filter((one) => one !== "");
    const found: PeerSettings[] = [];
    for (const text of given) {
      const [, datacenter = "", url = ""] = /^([a-z0-9][a-z0-9-]{0,35})=(.*)$/.exec(text) ?? [];
      const [here, ...there] = parsePostgresUrl(url) ?? [];
      if (here === undefined || there.length === 0)
        flags.say("peer", `must be ${form}, not "${withoutPassword(text)}"`);
      else if (found.some((one) => one.datacenter === datacenter)) flags.say("peer", `names ${datacenter} twice`);
      else found.push({ datacenter, here, there });
    }
    const lost = flags.matching(
      "lost-datacenters",
      /^[a-z0-9][a-z0-9-]{0,35}(,[a-z0-9][a-z0-9-]{0,35})*$/,
      "must be names of data centers with commas between, as dc-b",
    );
    return { peers: found, lostDatacenters: new Set(lost?.split(",")) };
  },
);
