// node clients-main.ts HOST:PORT COUNT: so many Envoys on delta ADS, at forty places, as far as the control plane can tell: each asks for
// all clusters and the endpoints of one, and accepts what comes. Ends with its stdin.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import { DeltaDiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { types } from "../../hostile/requests.ts";

const [target = "", count = "0"] = process.argv.slice(2);
const method = methodOf(AggregatedDiscoveryService, AggregatedDiscoveryService.method.deltaAggregatedResources);

const atOnce = 20;
for (let first = 0; first < Number(count); first += atOnce)
  await Promise.all(Array.from({ length: Math.min(atOnce, Number(count) - first) }, (_, nth) => connect(first + nth)));
console.log(JSON.stringify({ ready: true }));
process.stdin.resume().on("end", () => process.exit());

/** Resolves when it is answered. */
function connect(index: number): Promise<void> {
  // Each with a connection of its own, as proxies have.
  const client = new Client(target, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  // On a busy machine the first try may time out.
  const patient = new Metadata({ waitForReady: true });
  const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, patient);
  const send = (request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>) =>
    call.write(create(DeltaDiscoveryRequestSchema, request));
  const locality = { region: `dc-${"abc"[index % 3]}`, zone: `z${(index % 40) + 1}` };
  send({
    node: { id: `simulated-${index}`, cluster: "simulated", userAgentName: "envoy", locality },
    typeUrl: types.cluster,
  });
  send({ typeUrl: types.endpoints, resourceNamesSubscribe: ["report"] });
  return new Promise<void>((resolve, reject) => {
    call.on("error", reject);
    call.on("data", (response: ReturnType<typeof method.responseDeserialize>) => {
      send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
      resolve();
    });
  });
}
