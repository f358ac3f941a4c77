import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { envoyBootstrap } from "../../control-plane/src/bootstrap/envoy.ts";
import { type Envoy, startEnvoy } from "../kit/envoy.ts";
import { freePorts } from "../kit/ports.ts";
import { until } from "../kit/wait.ts";
import { usageOf } from "../load/process-usage.ts";
import { listenerOf } from "./listeners.ts";
import { type Program, startListenerServer } from "./servers.ts";

/** What became of six listeners of which one could not be bound. */
export type Outcome = {
  /** How long the port was taken. */
  readonly seconds: number;
  /** Responses that Envoy rejected in that time, by its own count: all that carried the listener. */
  readonly rejected: number;
  /** Answers that the other five gave, and failed to give, in that time. */
  readonly answers: number;
  readonly failures: number;
  /** From the port being free to an answer of the sixth; undefined: none came within the patience. */
  readonly recoveredMs: number | undefined;
  /** CPU seconds of server and Envoy while the port was taken. */
  readonly serverCpuS: number;
  readonly envoyCpuS: number;
  /** What the server heard first. */
  readonly reason: string;
};

/** Takes the port of one listener of six, starts a server and a real Envoy, waits so many seconds, and frees the port. */
export async function rejectOneOfSix(
  program: Program,
  variant: "sotw" | "delta",
  { seconds, patienceMs }: { readonly seconds: number; readonly patienceMs: number },
): Promise<Outcome> {
  const ports = await freePorts(6);
  const [taken = 0, ...others] = ports;
  await using squatter = createServer();
  await once(squatter.listen(taken, "127.0.0.1"), "listening");
  await using server = await startListenerServer(
    program,
    ports.map((port, index) => listenerOf(`listener-${index}`, port)),
  );
  await using envoy = await startEnvoy({ name: `envoy of ${variant}`, bootstrap: bootstrapOf(server.port, variant) });
  const rejection = server.process.json(({ rejected }) => rejected !== undefined, 30_000);
  const reason = String((await rejection)["reason"]);
  const end = performance.now() + seconds * 1_000;
  const wholly = async (port: number) => (await answerOf(port)) !== undefined;
  for (const port of others) await until(() => wholly(port), { within: 10_000, what: `port ${port} is served` });

  const before = await usages(server.process.pid, envoy);
  let [answers, failures] = [0, 0];
  while (performance.now() < end) {
    const served = await Promise.all(others.map(wholly));
    answers += served.filter(Boolean).length;
    failures += served.filter((answered) => !answered).length;
    await delay(100);
  }
  const after = await usages(server.process.pid, envoy);
  const rejected = await rejectedBy(envoy);

  squatter.close();
  await once(squatter, "close");
  const freedAt = performance.now();
  const recovered = await until(() => wholly(taken), { within: patienceMs, what: "the sixth is served" }).catch(
    () => undefined,
  );
  return {
    ...{ seconds, rejected, answers, failures, reason },
    recoveredMs: recovered && performance.now() - freedAt,
    serverCpuS: after.server - before.server,
    envoyCpuS: after.envoy - before.envoy,
  };
}

function bootstrapOf(port: number, variant: "sotw" | "delta"): object {
  const bootstrap = envoyBootstrap({
    ...{ nodeId: "edge-1", role: "edge", variant, xds: { host: "127.0.0.1", port } },
    locality: { region: "here", zone: "z1", subZone: "" },
  });
  // go-control-plane takes no load reports: Envoy would try again and again, and be measured with it.
  return { ...bootstrap, cluster_manager: undefined };
}

async function answerOf(port: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
    return answer.status === 200 ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

async function rejectedBy(envoy: Envoy): Promise<number> {
  const name = "listener_manager.lds.update_rejected";
  return (await envoy.stats(name)).get(name) ?? 0;
}

async function usages(server: number, envoy: Envoy): Promise<{ readonly server: number; readonly envoy: number }> {
  const [ofServer, ofEnvoy] = await Promise.all([usageOf(server), usageOf(envoy.process.pid)]);
  return { server: ofServer.cpuSeconds, envoy: ofEnvoy.cpuSeconds };
}
