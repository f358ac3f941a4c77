import { readFile } from "node:fs/promises";
import type { Latest } from "../lib/latest.ts";
import type { ServiceName } from "../model/names.ts";
import type { World } from "../model/world.ts";
import type { ReportDesk } from "../operator/report-desk.ts";
import { createReportDesk } from "./report-desk.ts";

type Settings = {
  readonly service: string | undefined;
  readonly address: string | undefined;
  readonly host: string | undefined;
  readonly tenant: string;
  readonly tls: Readonly<Record<"caFile" | "certFile" | "keyFile", string | undefined>> | undefined;
};

/** The report service that the settings name: one address, or the serving endpoints of a Service; undefined where none is named. */
export async function openReportDesk(
  { service, address, host, tenant, tls }: Settings,
  worlds: Pick<Latest<World>, "current">,
): Promise<(ReportDesk & Disposable) | undefined> {
  if (service === undefined && address === undefined) return undefined;
  const common = { tenant, host, tls: tls && (await readTls(tls)) };
  if (service === undefined) {
    const only = address ?? "";
    return createReportDesk({ ...common, addresses: () => [only], where: only, service: host ?? only });
  }
  return createReportDesk({
    ...common,
    addresses: () => servingOf(worlds.current(), service),
    where: `service ${service}`,
    service,
  });
}

function servingOf(world: World | undefined, service: string): readonly string[] {
  const endpoints = world?.catalog.get(service as ServiceName)?.endpoints ?? [];
  return endpoints
    .filter(({ health }) => health === "serving" || health === "degraded")
    .map(({ address: { host, port } }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`));
}

async function readTls({ caFile, certFile, keyFile }: NonNullable<Settings["tls"]>) {
  const [ca, cert, key] = await Promise.all([
    readPem(caFile, "caFile"),
    readPem(certFile, "certFile"),
    readPem(keyFile, "keyFile"),
  ]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readPem(file: string | undefined, setting: string): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  return readFile(file).catch((cause: Error) => {
    throw new Error(`reports.tls.${setting}: ${file} cannot be read: ${cause.message}`, { cause });
  });
}
