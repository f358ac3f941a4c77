import type { StatusNote } from "../serve/csds/csds-service.ts";
import type { LoadNote } from "../serve/loads/lrs-service.ts";
import type { Rows } from "./row.ts";
import { shortened } from "./text.ts";

/** What clients report of their load, and who asks for their status. */
export const loadRows: Rows<LoadNote | StatusNote> = {
  "load-reporter-connected": {
    level: "debug",
    says: ({ peer }) => `client reports its loads from ${peer}`,
    fields: ({ nodeId, client, peer }) => ({ component: "loads", node: nodeId, client, peer }),
  },
  "load-reporter-gone": {
    level: "debug",
    says: ({ cause }) => `client reports no loads any more: ${shortened(cause)}`,
    fields: ({ nodeId, client, peer }) => ({ component: "loads", node: nodeId, client, peer }),
  },
  "load-reporter-refused": {
    level: "warn",
    says: ({ peer, reason }) => `load reports of the client at ${peer} refused: ${shortened(reason)}`,
    fields: ({ peer }) => ({ component: "loads", peer }),
    counts: (_note, { refusedClients }) => refusedClients.inc(),
  },
  "load-reported": {
    level: "debug",
    says: ({ clusters }) => `client reported the loads of ${clusters} clusters`,
    fields: ({ nodeId, client, clusters, bytes }) => ({ component: "loads", node: nodeId, client, clusters, bytes }),
    counts: (_note, { loadReports }) => loadReports.inc(),
  },
  "load-left-out": {
    level: "warn",
    says: ({ rows }) => `${rows} localities and endpoints of a load report are left out: more are told than are kept`,
    fields: ({ nodeId, client, rows }) => ({ component: "loads", node: nodeId, client, rows }),
    counts: ({ rows }, { loadLeftOut }) => loadLeftOut.inc(rows),
    again: ({ nodeId }) => nodeId,
  },
  "load-interval": {
    level: "info",
    says: ({ intervalMs, reporters }) => `${reporters} clients are to report their loads every ${intervalMs / 1000} s`,
    fields: ({ intervalMs, reporters }) => ({ component: "loads", intervalMs, reporters }),
  },
  "status-asked": {
    level: "debug",
    says: ({ peer, clients }) => `${peer} asks for the status of ${clients} clients`,
    fields: ({ peer, clients }) => ({ component: "status", peer, clients }),
  },
  "status-refused": {
    level: "warn",
    says: ({ peer, reason }) => `${peer} is not told the status of clients: ${shortened(reason)}`,
    fields: ({ peer }) => ({ component: "status", peer }),
    again: ({ peer }) => peer.replace(/:\d+$/, ""),
  },
};
