import type { RunningNote } from "../running/start-running.ts";
import type { Rows } from "./row.ts";
import { shortened } from "./text.ts";

/** What clients say that they run, and which endpoints they ejected. */
export const runningRows: Rows<RunningNote> = {
  "client-unseen": {
    level: "warn",
    says: ({ nodeId, why }) => `${nodeId} does not tell what it runs: ${shortened(why)}`,
    fields: ({ nodeId }) => ({ component: "running", node: nodeId }),
    again: ({ nodeId, why }) => `${nodeId} ${why}`,
  },
  "client-differs": {
    level: "warn",
    says: ({ nodeId, resources }) =>
      `${nodeId} ACKed ${shortened(resources.join(", "))}, and runs something else: weir proxy diff ${nodeId}`,
    fields: ({ nodeId, resources }) => ({ component: "running", node: nodeId, resources: resources.length }),
    again: ({ nodeId, resources }) => `${nodeId} ${resources.join()}`,
  },
  "ejection-told": {
    level: ({ what, change }) => (change === "began" ? "warn" : what === "panic" ? "warn" : "info"),
    says: ({ what, change, service, address, breaker, state, clients, of, lastedMs = 0, isUnknown }) => {
      const who = `${clients} of ${of} clients`;
      const after = isUnknown ? ", as far as anybody can tell: who had it cannot be asked any more" : "";
      const lasted = `after ${Math.round(lastedMs / 1000)} s${after}`;
      if (what === "panic")
        return change === "began"
          ? `${service}: ${who} are in panic: so few endpoints are healthy that they use all`
          : `${service}: no client is in panic any more, ${lasted}`;
      if (what === "breaker")
        return change === "began"
          ? `${service}: the circuit breaker ${breaker} is open at ${who}`
          : `${service}: the circuit breaker ${breaker} is closed everywhere, ${lasted}`;
      const did = state === "suppressed" ? "would be ejected, and may not be, by" : "is ejected by";
      return change === "began"
        ? `${service}: ${address} ${did} ${who}`
        : `${service}: ${address} is used by all clients again, ${lasted}`;
    },
    fields: ({ what, change, service, address, locality, state, breaker, clients, of }) => ({
      ...{ component: "running", what, change, service, address, locality, state, breaker, clients, of },
    }),
  },
};
