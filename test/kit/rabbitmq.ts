import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, startProcess } from "./process.ts";
import { type Restartable, startRestartable } from "./restartable.ts";

/** A real RabbitMQ of a test's own, on the loopback address; its data outlive its ends, not itself. */
export type RabbitMq = Restartable & {
  /** `amqp://127.0.0.1:port` */
  readonly url: string;
};

const patienceMs = 120_000;

/** Why tests of RabbitMQ are passed over here; false where there is one to start. */
export const lacksRabbitMq: string | false = process.env["WEIR_RABBITMQ"]
  ? false
  : "there is no RabbitMQ here; npm test unpacks Debian's, or name one in WEIR_RABBITMQ";

/** Starts one node and waits until it takes connections. */
export async function startRabbitMq(): Promise<RabbitMq> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await makeFolder("rabbitmq"));
  const [port = 0, distributionPort = 0, epmdPort = 0] = await freePorts(3);
  await writeFile(join(folder.path, "plugins"), "[].\n");
  // What the nodes of a cluster find each other by. Erlang would start one by itself, and leave it behind.
  const epmd = starting.use(
    startProcess({
      name: "epmd",
      command: program("epmd"),
      args: ["-port", String(epmdPort), "-address", "127.0.0.1"],
    }),
  );
  const env = {
    HOME: folder.path,
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: "weir@localhost",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder.path, "data"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder.path, "plugins"),
    RABBITMQ_CONF_ENV_FILE: join(folder.path, "none"),
    RABBITMQ_CONFIG_FILE: join(folder.path, "none"),
    RABBITMQ_PID_FILE: join(folder.path, "pid"),
  };

  const run = async () => {
    const server = startProcess({ name: "rabbitmq", command: program("rabbitmq-server"), args: [], env });
    await server.line(/Server startup complete/, patienceMs).catch((cause) => {
      throw new Error(`${lastWords(server)}\n${lastWords(epmd)}`, { cause });
    });
    return server;
  };
  return Object.assign(await startRestartable(starting, run, patienceMs), { url: `amqp://127.0.0.1:${port}` });
}

function program(name: "rabbitmq-server" | "epmd"): string {
  const folder = process.env["WEIR_RABBITMQ"];
  if (!folder) throw new Error("WEIR_RABBITMQ does not name a RabbitMQ: run tests with npm test, which unpacks one");
  return join(folder, name);
}
