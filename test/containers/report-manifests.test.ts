import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import { Format, Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { createReportClient, reportNameOf } from "@weir/report-service/src/client.ts";
import { lacksOpenssl, makeCertificates } from "../kit/certificates.ts";
import { type Folder, makeFolder } from "../kit/folder.ts";
import { lacksPostgres, startPostgres } from "../kit/postgres.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import { lacksS3, startS3 } from "../kit/s3.ts";
import { manifestsIn } from "../kubernetes/objects.ts";

const main = fileURLToPath(new URL("../../report-service/src/main.ts", import.meta.url));
const manifest = new URL("../../k8s/base/report-service.yaml", import.meta.url);
const skip = lacksPostgres || lacksOpenssl || (lacksS3 ?? false);

// One of each language.
const asked = {
  "reportKinds/top-products": {},
  "reportKinds/customer-cohorts": {},
  "reportKinds/tiered-invoice": { customer: "customer-00042", month: "2026-03-01" },
};

type Environment = Readonly<Record<string, string>>;
type Container = {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly envFrom: readonly { readonly configMapRef?: { readonly name: string }; readonly secretRef?: object }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};
type Deployment = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [Container] } } };
};

test("the pods of k8s/base/report-service.yaml make reports together, for who shows a certificate", {
  skip,
}, async () => {
  await using folder = await makeFolder("pods");
  await using postgres = await startPostgres();
  await using s3 = await startS3();
  const certificates = await makeCertificates(folder.path, "IP:127.0.0.1,URI:spiffe://weir.example/tenant/acme");
  const secrets = {
    "/run/keys/keys": await folder.write("keys", `${randomBytes(32).toString("base64")}\n`),
    "/run/s3/credentials": s3.credentials,
    "/run/tls/tls.crt": certificates.server.cert,
    "/run/tls/tls.key": certificates.server.key,
    "/run/tls/ca.crt": certificates.ca,
  };
  const text = await readFile(manifest, "utf8");
  const all = manifestsIn(text);
  const settings = all.find(({ kind }) => kind === "ConfigMap")?.data ?? {};
  // What an operator fills in.
  const filledIn = {
    ...settings,
    WEIR_REPORT_STORE: postgres.url(),
    WEIR_REPORT_S3_BUCKET: `${s3.url}/reports`,
    WEIR_REPORT_S3_REGION: "us-east-1",
  };
  const deployments = all.filter(({ kind }) => kind === "Deployment") as unknown as readonly Deployment[];
  assert.equal(deployments.length, 3);

  await using pods = new AsyncDisposableStack();
  const started = await Promise.all(deployments.map((one) => startPod(one, filledIn, secrets, folder, pods)));
  for (const { ready } of started) assert.equal((await fetch(ready)).status, 200);
  const address = started.find(({ name }) => name === "report-calls")?.address ?? "";
  const [ca, key, cert] = await Promise.all(
    [certificates.ca, certificates.client.key, certificates.client.cert].map((file) => readFile(file)),
  );
  using client = createReportClient(address, credentials.createSsl(ca, key, cert));
  for (const [kind, parameters] of Object.entries(asked)) {
    const created = await client.createReport({ parent: "tenants/acme", report: { kind, parameters } });
    const ended = await client.waitForEnd(reportNameOf(created.value), { timeoutMs: 120_000 });
    assert.equal(ended.state, State.SUCCEEDED, `${kind}: ${ended.error?.message}`);
    assert.ok((await client.fetchReport(ended.name, Format.CSV)).length > 0);
  }

  for (const { process } of started) {
    process.signal("SIGTERM");
    assert.equal((await process.exit).code, 0);
  }
});

/** What a kubelet would start, on this machine: at free ports, with files where it would mount them. */
async function startPod(
  { metadata, spec }: Deployment,
  settings: Environment,
  secrets: Environment,
  folder: Folder,
  pods: AsyncDisposableStack,
): Promise<{
  readonly name: string;
  readonly process: RunningProcess;
  readonly address: string;
  readonly ready: string;
}> {
  const [container] = spec.template.spec.containers;
  const { name } = metadata;
  assert.deepEqual(container.args.slice(0, 1), ["report-service"]);
  assert.ok(container.envFrom.some(({ configMapRef }) => configMapRef?.name === "report-service"));
  const own = container.env.map((one) => [one.name, one.value ?? name] as const);
  const mounts = container.volumeMounts.map(({ mountPath }) => mountPath);
  const env = Object.entries({ ...settings, ...Object.fromEntries(own) }).map(([variable, value]) => {
    if (value === "/data") return [variable, join(folder.path, name)] as const;
    const secret = secrets[value];
    if (secret === undefined) return [variable, value.replace(/^0\.0\.0\.0:\d+$/, "127.0.0.1:0")] as const;
    assert.ok(mounts.includes(value.slice(0, value.lastIndexOf("/"))), `${name} does not mount ${value}`);
    return [variable, secret] as const;
  });
  const args = [main, ...container.args.slice(1)];
  const child = pods.use(startProcess({ name, command: process.execPath, args, env: Object.fromEntries(env) }));
  const said = await child.json((value) => value["ready"] === true, 60_000);
  const { address, metrics } = said as { readonly address: string; readonly metrics: string };
  assert.equal(container.readinessProbe.httpGet.port, "metrics");
  return { name, process: child, address, ready: `http://${metrics}${container.readinessProbe.httpGet.path}` };
}
