import { type Command, Option } from "commander";
import type { EnvoyBootstrap } from "../bootstrap/envoy.ts";
import { type Inbound, parseInboundList, parseInboundText } from "../model/inbound.ts";
import { type Locality, parseLocality } from "../model/locality.ts";
import { addressText } from "../model/service.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";

/** `weir bootstrap envoy|grpc`: prints the file that a client starts from. */
export const addBootstrap: AddCommand = (bootstrap, cli) => {
  const envoy = common(bootstrap.command("envoy").description("bootstrap of an Envoy, as YAML"))
    .addOption(new Option("--role <role>", "what it is").choices(["edge", "sidecar"]).default("edge"))
    .option("--service <name>", "the service that a sidecar stands beside")
    .option(
      "--listen <address:port>",
      "where it takes calls (default: 0.0.0.0:10000 for an edge, 127.0.0.1:15001 for a sidecar)",
    )
    .option(
      "--inbound <service=listen/application...>",
      "calls that a sidecar takes in: report=0.0.0.0:9091/127.0.0.1:9090; may be given again",
    )
    .option("--admin <address:port>", "its admin pages (default: 127.0.0.1:9901)")
    .option("--tell-admin", "let Weir ask there what it runs; where clients.admin.allow lets it")
    .addOption(new Option("--variant <variant>", "of xDS").choices(["delta", "sotw"]).default("delta"))
    .option("--tls-server-name <name>", "the name that the server's certificate must bear")
    .action(async (flags: EnvoyFlags) => {
      const { envoyBootstrap } = await import("../bootstrap/envoy.ts");
      const { bootstrapText } = await import("../bootstrap/bootstrap-text.ts");
      if (flags.role === "sidecar" && flags.service === undefined)
        throw new CliError("a sidecar stands beside a service: name it with --service");
      const tls = tlsOf(flags);
      if (tls && flags.tlsServerName === undefined)
        throw new CliError("with TLS the server has to be known by name: --tls-server-name");
      const made = envoyBootstrap({
        ...clientOf(flags),
        role: flags.role,
        variant: flags.variant,
        ...(flags.service !== undefined && { service: flags.service }),
        ...(flags.listen !== undefined && { listen: addressOf("--listen", flags.listen) }),
        ...(flags.inbound && { inbound: inboundOf(flags) }),
        ...(flags.admin !== undefined && { admin: addressOf("--admin", flags.admin) }),
        ...(flags.tellAdmin && { tellsAdmin: true }),
        ...(tls && flags.tlsServerName !== undefined && { tls: { ...tls, serverName: flags.tlsServerName } }),
      });
      const comment = "Written by `weir bootstrap envoy`; start it with `envoy -c FILE`.";
      write(cli.format(envoy) === "json" ? `${JSON.stringify(made, undefined, 2)}\n` : bootstrapText(made, comment));
    });

  const grpc = common(bootstrap.command("grpc").description("bootstrap of a proxyless gRPC client, as JSON"))
    .option("--cluster <service>", "the service that calls (default: the node's id)")
    .option("--admin <address:port>", "its admin services (CSDS), where Weir may ask what it runs")
    .addHelpText(
      "after",
      "\nExample:\n  weir bootstrap grpc --node-id billing-1 --locality dc-a/z1 > bootstrap.json\n  GRPC_XDS_BOOTSTRAP=bootstrap.json node client.js   # dials xds:///report",
    )
    .action(async (flags: CommonFlags & { readonly cluster?: string; readonly admin?: string }) => {
      const { grpcBootstrap } = await import("../bootstrap/grpc.ts");
      const client = clientOf(flags);
      const tls = tlsOf(flags);
      const made = grpcBootstrap({
        ...{ ...client, cluster: flags.cluster ?? client.nodeId },
        ...(flags.admin !== undefined && { admin: addressOf("--admin", flags.admin) }),
        ...(tls && { tls }),
      });
      if (cli.format(grpc) !== "yaml") return write(`${JSON.stringify(made, undefined, 2)}\n`);
      const { stringify } = await import("yaml");
      write(stringify(made));
    });

  function write(text: string): void {
    cli.io.stdout.write(text);
  }
};

type CommonFlags = {
  readonly nodeId: string;
  readonly locality?: string;
  readonly xds: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
};

type EnvoyFlags = CommonFlags & {
  readonly role: "edge" | "sidecar";
  readonly variant: "delta" | "sotw";
  readonly service?: string;
  readonly listen?: string;
  readonly inbound?: readonly string[];
  readonly admin?: string;
  readonly tellAdmin?: boolean;
  readonly tlsServerName?: string;
};

function common(command: Command): Command {
  return command
    .requiredOption("--node-id <id>", "what this client is called; unlike any other's")
    .option("--locality <region/zone>", "where it is, like dc-a/z1: decides what is near")
    .option("--xds <address:port>", "where the control plane takes xDS clients", "127.0.0.1:18000")
    .option("--tls-cert <file>", "the client's certificate, for an xDS port with TLS")
    .option("--tls-key <file>", "its key")
    .option("--tls-ca <file>", "the authorities of the server's certificate");
}

function clientOf({ nodeId, locality, xds }: CommonFlags): Pick<EnvoyBootstrap, "nodeId" | "locality" | "xds"> {
  if (nodeId.trim() === "") throw new CliError("--node-id is empty: clients are told apart by it");
  return { nodeId, locality: localityOf(locality), xds: addressOf("--xds", xds) };
}

function inboundOf({ role, inbound = [], listen }: EnvoyFlags): readonly Inbound[] {
  if (role !== "sidecar") throw new CliError("--inbound is for --role sidecar: an edge takes calls for every service");
  const entries = inbound.map((text) => {
    const result = parseInboundText(text);
    if (!result.ok)
      throw new CliError(`--inbound ${result.problems.map(({ at, says }) => `${at} ${says}`.trim()).join("; ")}`);
    return result.value;
  });
  const taken = listen === undefined ? 15_001 : addressOf("--listen", listen).port;
  const written = entries.map(({ service, listen, application }) => ({
    service,
    listen: addressText(listen),
    application: addressText(application),
  }));
  // The same rules that the control plane has for what a node says.
  const { problems } = parseInboundList(written, { at: "--inbound", taken });
  if (problems.length > 0) throw new CliError(problems.map(({ at, says }) => `${at}: ${says}`).join("; "));
  return entries;
}

function localityOf(text: string | undefined): Locality {
  if (text === undefined) return { region: "", zone: "", subZone: "" };
  const result = parseLocality(text);
  if (!result.ok) throw new CliError(`--locality: ${result.problems.map(({ says }) => says).join("; ")}`);
  return result.value;
}

function tlsOf({ tlsCert, tlsKey, tlsCa }: CommonFlags) {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined || tlsCa === undefined)
    throw new CliError("TLS needs all of --tls-cert, --tls-key and --tls-ca");
  return { certFile: tlsCert, keyFile: tlsKey, caFile: tlsCa };
}

function addressOf(flag: string, text: string): { readonly host: string; readonly port: number } {
  const [, v6, host = v6 ?? "", port = ""] = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) < 1 || Number(port) > 65_535)
    throw new CliError(`${flag} "${text}": expected host:port, like 127.0.0.1:18000`);
  return { host, port: Number(port) };
}
