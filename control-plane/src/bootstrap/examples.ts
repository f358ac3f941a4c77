import { bootstrapText } from "./bootstrap-text.ts";
import { envoyBootstrap } from "./envoy.ts";

const xds = { host: "127.0.0.1", port: 18_000 };
const locality = { region: "dc-a", zone: "z1", subZone: "" };

/** One written-out bootstrap for each role, by its file in the repository; `write-examples.ts` writes them. */
export const exampleBootstraps: ReadonlyMap<string, string> = new Map([
  [
    "envoy/edge.yaml",
    bootstrapText(
      envoyBootstrap({ nodeId: "edge-1", role: "edge", locality, xds }),
      "An Envoy at the edge of data center dc-a: takes calls for every service on 0.0.0.0:10000.\n" +
        "Written by `weir bootstrap envoy`; start it with `envoy -c envoy/edge.yaml`.",
    ),
  ],
  [
    "envoy/sidecar.yaml",
    bootstrapText(
      envoyBootstrap({ nodeId: "billing-1", role: "sidecar", service: "billing", locality, xds }),
      "An Envoy beside an instance of billing in dc-a: takes that instance's calls to every service on 127.0.0.1:15001.\n" +
        "Written by `weir bootstrap envoy`; start it with `envoy -c envoy/sidecar.yaml`.",
    ),
  ],
]);
