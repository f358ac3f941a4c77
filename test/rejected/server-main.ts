// An xDS server of the engine alone that gives everyone these listeners: node test/rejected/server-main.ts HOST:PORT BASE64…
// (serialized envoy.config.listener.v3.Listener). Prints a JSON line when ready, and one for each response rejected.
import { fromBinary } from "@bufbuild/protobuf";
import { ListenerSchema } from "@weir/proto/envoy/config/listener/v3/listener_pb.ts";
import { createXdsServer } from "../../control-plane/src/xds-server.ts";

const [listen = "", ...serialized] = process.argv.slice(2);
const server = await createXdsServer({
  listen,
  viewer: () => "all",
  observe(note) {
    if (note.kind !== "rejected") return;
    console.log(JSON.stringify({ rejected: note.names, reason: note.reason }));
  },
});
server.set("all", { listeners: serialized.map((text) => fromBinary(ListenerSchema, Buffer.from(text, "base64"))) });
console.log(JSON.stringify({ ready: true }));
