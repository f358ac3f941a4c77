import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { until } from "../../../../test/kit/wait.ts";
import { lacksPrlimit, limitFileSize } from "../../../test/file-size-limit.ts";
import { residentBytes } from "../../lib/resident-bytes.ts";
import type { InputMediaType, KindColumn, Language } from "../../model/kind.ts";
import type { Job, JobResult, Runtime } from "../runtime.ts";
import { createRuntime } from "./create-runtime.ts";

const columns: readonly KindColumn[] = [
  { name: "n", type: "integer" },
  { name: "text", type: "text" },
];

let directory: string;
const runtimes = new Map<Language, Runtime>();
let door: Server;
let knocks = 0;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-runtime-"));
  door = createServer((socket) => {
    knocks += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  for (const runtime of runtimes.values()) await runtime[Symbol.asyncDispose]();
  door.close();
  await rm(directory, { recursive: true, force: true });
});

test("python and javascript read the sample with bound parameters and yield rows of declared types", async () => {
  const typed: readonly KindColumn[] = [
    { name: "region", type: "text" },
    { name: "orders", type: "integer" },
    { name: "total", type: "decimal(14,2)" },
    { name: "first", type: "date" },
    { name: "nothing", type: "boolean" },
  ];
  const query =
    "select region, count(*) as orders, sum(quantity * unit_price) as total, min(ts)::date as first from sales " +
    "where region = $region group by region";
  const programs = {
    python: `
import datetime, decimal
def report(parameters, rows):
    for row in rows("${query}", region=parameters["region"]):
        assert isinstance(row["total"], decimal.Decimal) and isinstance(row["first"], datetime.date)
        yield row
`,
    javascript: `function* report(parameters, rows) { yield* rows("${query}", parameters); }`,
  };
  const results = [];
  for (const language of ["python", "javascript"] as const) {
    const job = jobOf(language, programs[language], {
      parameters: { region: "ap" },
      columns: typed,
      formats: ["json"],
    });
    results.push(await rowsOf(await run(language, job)));
  }
  const [row] = results[0] as { orders: number; region: string; nothing: null }[];
  assert.ok(row && row.orders > 8_000 && row.region === "ap" && row.nothing === null, JSON.stringify(results));
  assert.deepEqual(results[0], results[1]);
});

test("several queries may be read at once, and one that is left is closed", async () => {
  const python = `
def report(parameters, rows):
    for turn in range(40):
        for row in rows("select range as n from range(100000)"):
            break
    for outer in rows("select range as n from range(3)"):
        for inner in rows("select $n + range as n from range(2)", n=outer["n"]):
            yield {"n": inner["n"]}
`;
  const javascript = `
function* report(parameters, rows) {
  for (let turn = 0; turn < 40; turn++) for (const row of rows("select range as n from range(100000)")) break;
  for (const outer of rows("select range as n from range(3)"))
    for (const inner of rows("select $n + range as n from range(2)", { n: outer.n })) yield { n: inner.n };
}`;
  for (const [language, code] of [
    ["python", python],
    ["javascript", javascript],
  ] as const) {
    const rows = await rowsOf(await run(language, jobOf(language, code, { formats: ["json"] })));
    assert.deepEqual(
      rows.map(({ n }) => Number(n)),
      [0, 1, 1, 2, 2, 3],
      language,
    );
  }
});

const python = (lines: string) => `def report(parameters, rows):\n${lines.replace(/^/gm, "    ")}`;
const javascript = (lines: string) => `function* report(parameters, rows) {\n${lines}\n}`;

type Failing = {
  readonly title: string;
  readonly language: "python" | "javascript";
  readonly code: string;
  readonly reason: string;
  readonly says: RegExp;
};

const failing: readonly Failing[] = [
  {
    title: "python that throws",
    language: "python",
    code: python('yield {"n": 1}\nraise ValueError("no such customer")'),
    reason: "RENDER_FAILED",
    says: /^ValueError: no such customer \(kind, line 3\)$/,
  },
  {
    title: "javascript that throws",
    language: "javascript",
    code: javascript('yield { n: 1 };\nthrow new RangeError("no such customer");'),
    reason: "RENDER_FAILED",
    says: /^RangeError: no such customer \(kind, line 3\)$/,
  },
  {
    title: "python that cannot be parsed",
    language: "python",
    code: "def report(parameters, rows):\n  yield (",
    reason: "RENDER_FAILED",
    says: /^SyntaxError: .*line 2\)$/,
  },
  {
    title: "javascript that cannot be parsed",
    language: "javascript",
    code: "function* report( {",
    reason: "RENDER_FAILED",
    says: /^SyntaxError: /,
  },
  {
    title: "python without a report function",
    language: "python",
    code: "x = 1",
    reason: "RENDER_FAILED",
    says: /defines no function report/,
  },
  {
    title: "javascript without a report function",
    language: "javascript",
    code: "const x = 1",
    reason: "RENDER_FAILED",
    says: /defines no function report/,
  },
  {
    title: "a value that is not of its column's type",
    language: "python",
    code: python('yield {"n": 1}\nyield {"n": "many"}'),
    reason: "RENDER_FAILED",
    says: /^row 2, column n: "many" is no integer$/,
  },
  {
    title: "a column nobody declared",
    language: "javascript",
    code: javascript("yield { m: 1 };"),
    reason: "RENDER_FAILED",
    says: /row 1 has m, which spec.columns does not declare/,
  },
  {
    title: "more rows than allowed",
    language: "python",
    code: python("n = 0\nwhile True:\n    n += 1\n    yield {'n': n}"),
    reason: "TOO_MANY_ROWS",
    says: /this kind allows 5000$/,
  },
  {
    title: "python that eats memory",
    language: "python",
    code: python("x = []\nwhile True: x.append(bytearray(1_000_000))\nyield {'n': 1}"),
    reason: "OUT_OF_MEMORY",
    says: /more memory/,
  },
  {
    title: "javascript that eats memory",
    language: "javascript",
    code: javascript("const x = []; for (;;) x.push(new Array(10_000).fill(1));"),
    reason: "OUT_OF_MEMORY",
    says: /more memory/,
  },
  {
    title: "one huge allocation in python",
    language: "python",
    code: python("x = 'a' * 2_000_000_000\nyield {'n': len(x)}"),
    reason: "OUT_OF_MEMORY",
    says: /more memory/,
  },
  {
    title: "one huge allocation in javascript",
    language: "javascript",
    code: javascript("yield { text: 'a'.repeat(2 ** 29) };"),
    reason: "OUT_OF_MEMORY",
    says: /more memory/,
  },
  {
    title: "a query that writes",
    language: "python",
    code: python('yield from rows("create table mine as from sales")'),
    reason: "RENDER_FAILED",
    says: /only a query that selects/,
  },
  {
    title: "a query that reads the machine's files",
    language: "javascript",
    code: javascript("yield* rows(\"select content as text from read_text('/etc/hostname')\");"),
    reason: "RENDER_FAILED",
    says: /Permission Error/,
  },
  {
    title: "python that recurses for ever",
    language: "python",
    code: python("def f(): return f()\nyield {'n': f()}"),
    reason: "RENDER_FAILED",
    says: /RecursionError|ended in the middle/,
  },
  {
    title: "python that nests deeper than its host's stack",
    language: "python",
    code: python("x = []\nfor _ in range(1_000_000): x = [x]\nyield {'text': repr(x)}"),
    reason: "RENDER_FAILED",
    says: /RecursionError|ended in the middle|broke/,
  },
  {
    title: "javascript that recurses for ever",
    language: "javascript",
    code: javascript("const f = () => f(); yield { n: f() };"),
    reason: "RENDER_FAILED",
    says: /RangeError|InternalError/,
  },
  {
    title: "python that asks for JavaScript",
    language: "python",
    code: python("import js\nyield {'text': str(js.constructor)}"),
    reason: "RENDER_FAILED",
    says: /tried to leave its sandbox/,
  },
  {
    title: "python that asks for JavaScript's process through pyodide",
    language: "python",
    code: python("from pyodide.code import run_js\nyield {'text': str(run_js('process.env'))}"),
    reason: "RENDER_FAILED",
    says: /tried to leave its sandbox|ImportError|ModuleNotFoundError/,
  },
  {
    title: "python that finds pyodide's own objects",
    language: "python",
    code: python(
      "import sys\nimport pyodide_js\nfor name in dir(pyodide_js): getattr(pyodide_js, name)\nyield {'n': 1}",
    ),
    reason: "RENDER_FAILED",
    says: /tried to leave its sandbox|ModuleNotFoundError/,
  },
  {
    title: "python that speaks to the worker past its functions",
    language: "python",
    code: python("import os\nos.write(3, b'\\x02\\x00\\x00\\x00[]')\nos.read(3, 1)\nyield {'n': 1}"),
    reason: "RENDER_FAILED",
    says: /spoke past its functions/,
  },
  {
    title: "python that waits for input",
    language: "python",
    code: python(
      "import os\nassert os.write(1, b'said') == 4 and open('/dev/stdin').read() == ''\nyield {'n': len(input())}",
    ),
    reason: "RENDER_FAILED",
    says: /EOFError: EOF when reading a line/,
  },
  {
    title: "python that sends a frame without end",
    language: "python",
    code: python("import os\nos.write(3, b'\\xff\\xff\\xff\\x7f' + b'a' * 100)\nos.read(3, 1)\nyield {'n': 1}"),
    reason: "RENDER_FAILED",
    says: /no more than \d+ are possible/,
  },
];

for (const { title, language, code, reason, says } of failing) {
  test(`${title}: failed, saying why`, async () => {
    const result = await run(language, jobOf(language, code, { formats: ["json"] }));
    assert.ok(result.kind === "failed", JSON.stringify(result));
    assert.equal(result.reason, reason, result.message);
    assert.match(result.message, says);
  });
}

test("an endless loop is stopped, and the next job runs", async () => {
  for (const [language, endless, next] of [
    ["python", python("while True: pass"), python("yield {'n': 1}")],
    ["javascript", javascript("for (;;);"), javascript("yield { n: 1 };")],
  ] as const) {
    const endlessJob = jobOf(language, endless, { formats: ["json"] });
    const stop = new AbortController();
    const result = await runtimeOf(language).run(
      endlessJob,
      { begun: () => stop.abort(), waited() {}, starved() {}, progress() {} },
      stop.signal,
    );
    assert.deepEqual(result, { kind: "stopped" });
    assert.equal((await run(language, jobOf(language, next, { formats: ["json"] }))).kind, "done");
  }
});

test("what its engine does not count is counted, too: the job fails, saying why, and the next one runs", async () => {
  // DuckDB keeps all values of a median outside of what its memory_limit sees.
  const greedy = await run("sql", sqlJob("select median(range) as n from range(1000000000)"));
  assert.ok(greedy.kind === "failed", JSON.stringify(greedy));
  assert.deepEqual(
    [greedy.reason, /its process had \d+ bytes of memory/.test(greedy.message)],
    ["OUT_OF_MEMORY", true],
  );
  assert.equal((await run("sql", sqlJob("select 1 as n"))).kind, "done");
});

test("texts that do not fit into the heap of what writes them fail the job, saying why, and the next one runs", async () => {
  const long = "select repeat('длинный текст ', 3000000) as text";
  const greedy = await run("sql", sqlJob(long, { formats: ["pdf"], memory: "512MB" }));
  assert.ok(greedy.kind === "failed", JSON.stringify(greedy));
  assert.equal(greedy.reason, "OUT_OF_MEMORY");
  assert.match(greedy.message, /more than the 256 MB/);
  assert.equal((await run("sql", sqlJob("select 1 as n", { formats: ["pdf"] }))).kind, "done");
});

test("engines of limits that are no longer used give their memory back, and their worker stays", async () => {
  await run("sql", sqlJob("select 1 as n"));
  const worker = await workerOf("sql");
  // All of it is in memory before it is sorted.
  const sorted = "select md5(range::varchar) || repeat('x', 800) as text from range(250000) order by text";
  for (const memory of ["510MB", "511MB", "512MB", "513MB", "514MB", "515MB"]) {
    const result = await run("sql", sqlJob(sorted, { formats: ["csv"], memory, maxRows: 1_000_000 }));
    assert.equal(result.kind, "done", JSON.stringify(result));
  }
  const limit = AbortSignal.timeout(30_000);
  while ((residentBytes(worker) ?? 0) > 400_000_000) await nextTurn(undefined, { signal: limit });
  assert.equal(await workerOf("sql"), worker);
});

test("code whose process is stopped is lost without blame for its kind, and the next job runs", async () => {
  const looping = jobOf("javascript", javascript("for (;;);"), { formats: ["json"] });
  const begun = Promise.withResolvers<void>();
  const signal = AbortSignal.timeout(120_000);
  const ended = runtimeOf("javascript").run(
    looping,
    { begun: begun.resolve, waited() {}, starved() {}, progress() {} },
    signal,
  );
  await begun.promise;
  // The younger one waits for the next job.
  const [busy = 0] = await sandboxesOf(await workerOf("javascript"));
  process.kill(busy, "SIGSTOP");
  assert.equal((await ended).kind, "stalled");
  const next = jobOf("javascript", javascript("yield { n: 1 };"), { formats: ["json"] });
  assert.equal((await run("javascript", next)).kind, "done");
});

test("a worker that is killed takes its sandboxes with it, busy or not, and its job is lost", async () => {
  const looping = jobOf("javascript", javascript("for (;;);"), { formats: ["json"] });
  const begun = Promise.withResolvers<void>();
  const ended = runtimeOf("javascript").run(
    looping,
    { begun: begun.resolve, waited() {}, starved() {}, progress() {} },
    AbortSignal.timeout(60_000),
  );
  await begun.promise;
  const worker = await workerOf("javascript");
  const sandboxes = await sandboxesOf(worker);
  assert.ok(sandboxes.length > 0);
  process.kill(worker, "SIGKILL");
  assert.equal((await ended).kind, "lost");
  await until(() => sandboxes.every(isGone), { within: 30_000, what: "the end of the sandboxes" });
});

test("a job that takes long is not taken for dead, in any language", async () => {
  // Longer than a worker may be still.
  const seconds = 14;
  const jobs = {
    sql: sqlJob("select sum(hash(range) % 1000) as n from range(2000000000)"),
    python: jobOf(
      "python",
      python(`import time\nend = time.time() + ${seconds}\nwhile time.time() < end: pass\nyield {}`),
      {},
    ),
    javascript: jobOf(
      "javascript",
      javascript(`const end = Date.now() + ${seconds} * 1000; while (Date.now() < end); yield {};`),
      {},
    ),
  };
  const limit = AbortSignal.timeout(180_000);
  const ends = await Promise.all(
    (["sql", "python", "javascript"] as const).map((each) =>
      runtimeOf(each).run(jobs[each], { begun() {}, waited() {}, starved() {}, progress() {} }, limit),
    ),
  );
  assert.deepEqual(
    ends.map(({ kind }) => kind),
    ["done", "done", "done"],
  );
});

test("python finds no file, no process, no network and no thread of its host", async () => {
  const { port } = door.address() as { port: number };
  const tries = [
    "open('/etc/passwd').read()",
    "open('/work', 'w')",
    "open('/tmp/x', 'w')",
    "open('/proc/self/environ').read()",
    "__import__('os').environ['PATH'].index('node')",
    "__import__('os').mkdir('/tmp/y')",
    "__import__('os').system('id') == 0 or 1 / 0",
    "__import__('os').fork()",
    "__import__('subprocess').run(['id'])",
    `__import__('socket').create_connection(('127.0.0.1', ${port}), 1)`,
    `__import__('urllib.request').request.urlopen('http://127.0.0.1:${port}')`,
    "__import__('threading').Thread(target=print).start()",
    "__import__('ctypes').CDLL(None).system(b'id')",
    "__import__('ctypes').CDLL('/lib/x86_64-linux-gnu/libc.so.6')",
    "__import__('mmap').mmap(-1, 1 << 40)",
    "__import__('sqlite3').connect('/tmp/z').execute('create table t(a)')",
  ];
  const code = `
def report(parameters, rows):
    for text in ${JSON.stringify(tries)}:
        try:
            yield {"text": "escaped: " + text + " gave " + str(eval(text))[:100]}
        except BaseException as error:
            yield {"text": type(error).__name__}
`;
  const rows = await rowsOf(await run("python", jobOf("python", code, { formats: ["json"] })));
  assert.equal(rows.length, tries.length);
  assert.deepEqual(
    rows.filter(({ text }) => String(text).startsWith("escaped")),
    [],
  );
  assert.equal(knocks, 0);
});

test("javascript finds nothing of its host, by no name and by no prototype", async () => {
  const tries = [
    "process.pid",
    "require('fs')",
    "fetch('http://127.0.0.1')",
    "WebAssembly.Memory",
    "Deno.pid",
    "std.open('/etc/passwd')",
    "os.exec(['id'])",
    "console.log",
    "rows.constructor.constructor('return process')()",
    "(async () => {}).constructor('return process')() && process",
    "globalThis.constructor.constructor('return this')().process.pid",
    "Object.getPrototypeOf(rows).constructor('return require')().next().value('fs')",
    "Error.prepareStackTrace.length",
    "Reflect.construct(Function, ['return process'])()",
    "new Worker('x')",
    "setTimeout(() => {}, 1)",
  ];
  const code = `
Object.prototype.message = "polluted"; Array.prototype.push = () => 0; JSON.stringify = () => "{}";
Object.defineProperty(Object.prototype, "kind", { get() { return "done"; } });
function* report(parameters, rows) {
  for (const text of ${JSON.stringify(tries)}) {
    let said;
    try { said = "escaped: " + text + " gave " + String(eval(text)).slice(0, 100); } catch (error) { said = error.name; }
    yield { text: said };
  }
}`;
  const rows = await rowsOf(await run("javascript", jobOf("javascript", code, { formats: ["json"] })));
  assert.equal(rows.length, tries.length);
  assert.deepEqual(
    rows.filter(({ text }) => String(text).startsWith("escaped")),
    [],
  );
});

test("no job finds anything of the one before it", async () => {
  const leave = python("import builtins, sys, json\nbuiltins.left = json.left = 1\nyield {'n': 1}");
  const look = python("import builtins, json\nyield {'n': hasattr(builtins, 'left') + hasattr(json, 'left')}");
  await run("python", jobOf("python", leave, { formats: ["json"] }));
  assert.deepEqual(await rowsOf(await run("python", jobOf("python", look, { formats: ["json"] }))), [
    { n: 0, text: null },
  ]);
  const draw = python("import random\nyield {'text': str(random.random())}");
  const drawn = [];
  for (let turn = 0; turn < 2; turn++) {
    drawn.push(...(await rowsOf(await run("python", jobOf("python", draw, { formats: ["json"] })))));
  }
  assert.notDeepEqual(drawn[0], drawn[1]);
});

test("an upload is read as its media type says, and is never unpacked", async () => {
  const query = "select region, target::integer as target from targets";
  const scratch = join(directory, "inputs");
  await using runtime = createRuntime("sql", { scratch, sample: join(directory, "sample", "sales.parquet") });
  await mkdir(scratch, { recursive: true });
  const read = async (mediaType: InputMediaType, bytes: Buffer | string) => {
    const path = join(scratch, "targets");
    await writeFile(path, bytes);
    const inputs = [{ name: "targets", mediaType, path }];
    const program = { language: "sql", query } as const;
    return runOn(runtime, jobOf("javascript", "", { program, inputs, formats: ["json"], memory: "256MB" }));
  };
  const line = '{"region":"eu","target":7}\n';
  for (const [mediaType, text] of [
    ["text/csv", "region,target\neu,7\n"],
    ["application/x-ndjson", line],
    ["application/json", `[${line}]`],
  ] as const) {
    assert.deepEqual(await rowsOf(await read(mediaType, text)), [{ region: "eu", target: 7 }], mediaType);
    const zipped = await read(mediaType, gzipSync(text));
    assert.ok(zipped.kind === "failed", mediaType);
  }
});

test("what the disk has no room for is told apart from what is wrong with a report, and leaves nothing", {
  skip: lacksPrlimit,
}, async () => {
  const query = "select range as n, md5(range::varchar) as text from range(15000)";
  const sql: Partial<Job> = { program: { language: "sql", query }, maxRows: 100_000 };
  limitFileSize(process.pid, 50_000);
  const places = { scratch: join(directory, "no-room"), sample: join(directory, "sample", "sales.parquet") };
  await using runtime = createRuntime("sql", places);
  try {
    for (const format of ["csv", "json", "ndjson", "parquet", "xlsx", "pdf"] as const) {
      const job = jobOf("javascript", "", { ...sql, formats: ["csv", format] });
      assert.deepEqual(await runOn(runtime, job), { kind: "no-room", message: "the worker's disk is full" }, format);
      assert.deepEqual(await readdir(places.scratch), []);
      const alone = jobOf("javascript", "", { ...sql, formats: [format] });
      assert.equal((await runOn(runtime, alone)).kind, "no-room", format);
      assert.deepEqual(await readdir(places.scratch), []);
    }
  } finally {
    limitFileSize(process.pid, undefined);
  }
  const done = await runOn(runtime, jobOf("javascript", "", { ...sql, formats: ["csv", "pdf"] }));
  assert.equal(done.kind, "done");
});

test("an engine or interpreter that there is no room to prepare is none of the report's fault", {
  skip: lacksPrlimit,
}, async () => {
  const code = 'def report(parameters, rows):\n    yield {"n": 1}';
  limitFileSize(process.pid, 50_000);
  const places = { scratch: join(directory, "bare"), sample: join(directory, "bare-sample", "sales.parquet") };
  await using runtime = createRuntime("python", places);
  try {
    assert.equal((await runOn(runtime, jobOf("python", code, { formats: ["json"] }))).kind, "no-room");
    // Room for the sample, and none for what is made for the interpreter.
    limitFileSize(process.pid, 5_000_000);
    assert.equal((await runOn(runtime, jobOf("python", code, { formats: ["json"] }))).kind, "no-room");
  } finally {
    limitFileSize(process.pid, undefined);
  }
  assert.equal((await runOn(runtime, jobOf("python", code, { formats: ["json"] }))).kind, "done");
});

function jobOf(
  language: "python" | "javascript",
  code: string,
  given: Partial<Job> & { readonly columns?: readonly KindColumn[] },
): Job {
  return {
    program: { language, code, file: "kind", columns: given.columns ?? columns },
    ...{ inputs: [], parameters: {}, memory: "64MB", maxRows: 5_000, formats: [] },
    about: { title: "Test", parameters: {}, timeMs: 0 },
    ...given,
  };
}

function sqlJob(query: string, given: Partial<Job> = {}): Job {
  const limits = { memory: "64MB", maxRows: 5_000 };
  const about = { title: "Test", parameters: {}, timeMs: 0 };
  return { program: { language: "sql", query }, inputs: [], parameters: {}, formats: [], about, ...limits, ...given };
}

function runtimeOf(language: Language): Runtime {
  const places = { scratch: join(directory, language), sample: join(directory, "sample", "sales.parquet") };
  const runtime = runtimes.get(language) ?? createRuntime(language, places);
  runtimes.set(language, runtime);
  return runtime;
}

/** The process that runs jobs of this language. */
async function workerOf(language: Language): Promise<number> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes("worker-process") && line.includes(join(directory, language))) return Number(pid);
  }
  throw new Error(`no worker of ${language} runs`);
}

/** The oldest first. */
async function sandboxesOf(worker: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${worker}/task/${worker}/children`, "utf8");
  return children.trim().split(" ").map(Number);
}

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

function run(language: Language, job: Job): Promise<JobResult> {
  return runOn(runtimeOf(language), job);
}

function runOn(runtime: Runtime, job: Job): Promise<JobResult> {
  return runtime.run(job, { begun() {}, waited() {}, starved() {}, progress() {} }, AbortSignal.timeout(60_000));
}

async function rowsOf(result: JobResult): Promise<readonly Record<string, unknown>[]> {
  assert.ok(result.kind === "done", JSON.stringify(result));
  const [file] = result.files;
  return JSON.parse(await readFile(file?.path ?? "", "utf8"));
}
