import { ageText } from "../lib/age.ts";
import { parseDuration } from "../policy/documents/duration.ts";
import type { Registration } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** `weir registry list|put|drain|delete`. */
export const addRegistry: AddCommand = (command, cli) => {
  const list = command
    .command("list")
    .description("registered endpoints")
    .argument("[service]", "only of this service")
    .action(async (service: string | undefined) => {
      const api = cli.api(list);
      const services =
        service === undefined
          ? (await api.get<{ services: readonly { service: string }[] }>("/v1/registry/services")).body.services.map(
              (each) => each.service,
            )
          : [service];
      const answers = await Promise.all(
        services.map((each) => api.get<{ endpoints: readonly Registration[] }>(`${urlOf(each)}`)),
      );
      const endpoints = answers.flatMap(({ body }) => body.endpoints);
      await print(cli, list, {
        value: { endpoints },
        table: () => ({ columns, rows: endpoints.map(row) }),
        names: () => endpoints.map(({ service, id }) => `${service}/${id}`),
      });
    });

  const put = command
    .command("put")
    .description("register an endpoint, or renew its lease")
    .argument("<service>")
    .argument("<id>")
    .requiredOption("--address <address:port>", "where it can be reached, like 10.1.0.11:9090")
    .option("--locality <region/zone>", "where it is, like dc-a/z1")
    .option("--weight <weight>", "relative to its neighbours, 1 to 10000; 100 unless told")
    .option("--metadata <key=value...>", "such as version=v1")
    .option("--lease <seconds>", "goes after that time unless renewed; 0 stays until deleted", "0")
    .action(async (service: string, id: string, flags: PutFlags) => {
      const { body } = await cli.api(put).put<Registration>(urlOf(service, id), bodyOf(flags));
      const lease =
        body.expiresInSeconds === undefined ? "until deleted" : `for ${ageText(body.expiresInSeconds * 1000 + 999)}`;
      cli.io.stdout.write(`${service}/${id} registered at ${body.address} ${lease}\n`);
      if (body.usedBy.length === 0)
        cli.io.stderr.write(
          `note: nobody is sent there yet: no Service takes endpoints from the registry's ${service} (spec.endpoints: [{registry: {}}])\n`,
        );
    });

  addDrain(
    command.command("drain").description("send an endpoint no new requests, and tell when it is safe to stop it"),
    cli,
  );

  const remove = command
    .command("delete")
    .description("remove an endpoint; with --wait, once no client sends it new requests")
    .argument("<service>")
    .argument("<id>")
    .option("--wait <duration>", "drain it first, and wait at most so long until all clients know, like 5s")
    .action(async (service: string, id: string, { wait }: { wait?: string }) => {
      const { body } = await cli
        .api(remove)
        .delete<{ acked: number; of: number }>(urlOf(service, id), { query: { wait } });
      const known = wait === undefined ? "" : ` (${body.acked} of ${body.of} clients had acknowledged)`;
      cli.io.stdout.write(`${service}/${id} removed${known}\n`);
      if (body.acked < body.of) cli.exit(1);
    });
};

type Drained = { readonly acked: number; readonly of: number; readonly safeToStop: boolean };

/** `weir registry drain`: a line whenever more have acknowledged it; exits with 1 when some have not in time. */
const addDrain: AddCommand = (command, cli) => {
  command
    .argument("<service>")
    .argument("<id>")
    .option("--timeout <duration>", "at most so long: 30s, 5m", "30s")
    .action(async (service: string, id: string, { timeout }: { readonly timeout: string }) => {
      const api = cli.api(command);
      const withinMs = parseDuration(timeout);
      if (withinMs === undefined) throw new CliError(`--timeout "${timeout}": expected a duration such as 30s or 5m`);
      const end = performance.now() + withinMs;
      let told = "";
      for (;;) {
        const leftMs = end - performance.now();
        const wait = `${Math.round(Math.max(0, Math.min(1_000, leftMs)))}ms`;
        const { body } = await api.post<Drained>(`${urlOf(service, id)}:drain`, undefined, { query: { wait } });
        const { acked, of, safeToStop } = body;
        const line = safeToStop
          ? `all ${of} clients have acknowledged it: ${service}/${id} is safe to stop\n`
          : `${acked} of ${of} clients have acknowledged it\n`;
        if (line !== told) cli.io.stdout.write(line);
        told = line;
        if (safeToStop) return;
        if (leftMs > 0) continue;
        cli.io.stderr.write(`not safe to stop after ${timeout}; it stays drained. The others: weir proxy status\n`);
        cli.exit(1);
        return;
      }
    });
};

type PutFlags = {
  readonly address: string;
  readonly locality?: string;
  readonly weight?: string;
  readonly metadata?: readonly string[];
  readonly lease: string;
};

function bodyOf({ address, locality, weight, metadata = [], lease }: PutFlags) {
  const pairs = metadata.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new CliError(`--metadata "${text}": expected key=value, like version=v1`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return {
    address,
    ...(locality !== undefined && { locality }),
    ...(weight !== undefined && { weight: numberOf("--weight", weight) }),
    ...(pairs.length > 0 && { metadata: Object.fromEntries(pairs) }),
    leaseSeconds: numberOf("--lease", lease),
  };
}

function numberOf(flag: string, text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new CliError(`${flag} "${text}": expected a number`);
  return number;
}

const columns = [
  "SERVICE",
  "ID",
  "ADDRESS",
  "LOCALITY",
  { name: "WEIGHT", align: "right" as const },
  "HEALTH",
  "RENEWED",
  "LEASE",
];

function row(each: Registration): readonly Cell[] {
  const renewed = `${ageText(Date.now() - Date.parse(each.renewedAt))} ago`;
  const lease = each.expiresInSeconds === undefined ? "-" : `${ageText(each.expiresInSeconds * 1000)} left`;
  return [each.service, each.id, each.address, each.locality || "-", String(each.weight), each.health, renewed, lease];
}

function urlOf(service: string, id?: string): string {
  const endpoints = `/v1/registry/services/${encodeURIComponent(service)}/endpoints`;
  return id === undefined ? endpoints : `${endpoints}/${encodeURIComponent(id)}`;
}
