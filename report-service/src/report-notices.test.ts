import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Report_State as State } from "@weir/proto/report/v1/report_pb.ts";
import { failure, untilState } from "../test/calls.ts";
import { startServer, temporaryDirectory } from "../test/server-process.ts";
import { type ReportClient, reportNameOf } from "./client.ts";

const page = new URL("../../docs/report-service/webhooks.md", import.meta.url);
const makeSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

/** The receiver that the documentation shows, and the lines that it writes. */
async function startReceiver(directory: string, secret: string) {
  const [, code = ""] = /```js\n([\s\S]*?)```/.exec(await readFile(page, "utf8")) ?? [];
  const path = join(directory, "receiver.mjs");
  await writeFile(path, code);
  const child = spawn(process.execPath, [path], {
    env: { ...process.env, SECRET: secret, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value: port } = await lines.next();
  return {
    url: `http://127.0.0.1:${port}/hook`,
    next: async () => String((await lines.next()).value),
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

async function createNotified(client: ReportClient, notifyUrl: string, tenant = "acme"): Promise<string> {
  const report = { kind: "reportKinds/wide", parameters: { rows: 1 }, notifyUrl };
  return reportNameOf((await client.createReport({ parent: `tenants/${tenant}`, report })).value);
}

test("the receiver of the documentation is told, by a server that was not there when the report ended", async () => {
  await using data = await temporaryDirectory();
  const [next, old] = [makeSecret(), makeSecret()];
  const secrets = join(data.path, "secrets");
  await writeFile(secrets, `acme ${next} ${old}\n`);
  await using receiver = await startReceiver(data.path, old);
  const flags = ["--notify-secrets", secrets, "--notify-networks", "127.0.0.0/8", "--metrics", "127.0.0.1:0"];

  await using first = await startServer(data.path, [...flags, "--roles", "reports,results,worker,writer"]);
  const name = await createNotified(first.client, receiver.url);
  const ended = await untilState(first.client, name, State.SUCCEEDED);
  assert.equal(ended.notifyUrl, receiver.url);
  const overdue = async () => /^report_notices_overdue_seconds (.+)$/m.exec(await metricsOf(first.metrics))?.[1];
  assert.ok(Number(await overdue()) > 0);
  await first.end("SIGKILL");

  await using second = await startServer(data.path, flags);
  assert.match(await receiver.next(), new RegExp(`^msg_[0-9a-f]{32} ${name}$`));
  while (!(await metricsOf(second.metrics)).includes('report_notices_total{end="delivered"} 1')) await delay(20);
  assert.match(await metricsOf(second.metrics), /^report_notices_overdue_seconds 0$/m);
});

test("a receiver that may not be told is refused with what is wrong", async () => {
  await using data = await temporaryDirectory();
  const secrets = join(data.path, "secrets");
  await writeFile(secrets, `acme ${makeSecret()}\n`);
  await using server = await startServer(data.path, ["--notify-secrets", secrets]);
  const says = async (url: string, tenant?: string) => {
    const error = await failure(createNotified(server.client, url, tenant));
    assert.equal(error.reason, "PARAMETER_INVALID");
    return error.message;
  };
  assert.match(await says("https://169.254.169.254/latest"), /report.notify_url must not lead to 169.254.169.254/);
  assert.match(await says("http://example.org/"), /https/);
  assert.match(await says("https://example.org/", "other"), /no secret of other/);
  // A name is looked up when there is something to send.
  await createNotified(server.client, "https://localhost:1/");
  while (!server.log().includes("localhost leads to")) await delay(20);
});

test("without secrets no receiver is taken", async () => {
  await using data = await temporaryDirectory();
  await using server = await startServer(data.path);
  const error = await failure(createNotified(server.client, "https://example.org/"));
  assert.match(error.message, /--notify-secrets/);
});

async function metricsOf(address: string | undefined): Promise<string> {
  return (await fetch(`http://${address}/metrics`)).text();
}
