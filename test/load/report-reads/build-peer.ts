import { spawnSync } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { create, type DescFile, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { file_report_v1_report } from "@weir/proto/report/v1/report_pb.ts";
import { type Missing, madeOnce, runTool } from "../../clients/foreign-client.ts";

const source = join(import.meta.dirname, "peer");
const module = "weir.test/report-reads";

// grpc-go itself brings these, and one program may know a message only once.
const elsewhere: Readonly<Record<string, string>> = {
  "google/rpc/status.proto": "google.golang.org/genproto/googleapis/rpc/status",
  "google/api/annotations.proto": "google.golang.org/genproto/googleapis/api/annotations",
  "google/api/http.proto": "google.golang.org/genproto/googleapis/api/annotations",
  "google/api/client.proto": "google.golang.org/genproto/googleapis/api/annotations",
  "google/api/launch_stage.proto": "google.golang.org/genproto/googleapis/api",
  ...Object.fromEntries(
    ["any", "duration", "empty", "field_mask", "struct", "timestamp"].map((name) => [
      `google/protobuf/${name}.proto`,
      `google.golang.org/protobuf/types/known/${name.replace("_", "")}pb`,
    ]),
  ),
  "google/protobuf/descriptor.proto": "google.golang.org/protobuf/types/descriptorpb",
};
const ours: Readonly<Record<string, string>> = {
  "report/v1/report.proto": `${module}/gen/reportv1`,
  "google/longrunning/operations.proto": `${module}/gen/longrunning`,
};

/** The Go program that serves and asks for reports, compiled the first time (a minute); or what is lacking for that. */
export async function buildPeer(): Promise<{ readonly kind: "ready"; readonly program: string } | Missing> {
  const version = await runTool("go", ["version"]);
  if (!version.ok) return { kind: "missing", why: "there is no go on PATH to build the server to compare with" };
  const files = ["go.mod", "go.sum", "main.go", "calls.go", "load.go", "serve.go"].map((file) => join(source, file));
  const request = generatorRequest();
  const tools = `${version.output} ${Buffer.from(request).toString("base64")}`;
  const says = "compiling the Go server of reports, about a minute";
  const made = await madeOnce({ name: "load/report-reads", of: files, with: tools, says }, async (folder) => {
    const code = join(folder, "code");
    await cp(source, code, { recursive: true });
    const modules = await runTool("go", ["mod", "download"], { cwd: code });
    if (!modules.ok) return `the modules of the Go server cannot be downloaded:\n${modules.output}`;
    await generate(request, code);
    const built = await runTool("go", ["build", "-o", join(folder, "peer"), "."], { cwd: code });
    if (!built.ok) throw new Error(`test/load/report-reads/peer does not compile:\n${built.output}`);
    return undefined;
  });
  return made.kind === "missing" ? made : { kind: "ready", program: join(made.folder, "peer") };
}

/** What protoc would tell protoc-gen-go: all files that report.proto needs, and to write two of them. */
function generatorRequest(): Uint8Array {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    for (const dependency of file.dependencies) add(dependency);
    files.set(file.proto.name, file);
  };
  add(file_report_v1_report);
  const packages = Object.entries({ ...elsewhere, ...ours }).map(([file, path]) => `M${file}=${path}`);
  return toBinary(
    CodeGeneratorRequestSchema,
    create(CodeGeneratorRequestSchema, {
      fileToGenerate: Object.keys(ours),
      parameter: [`module=${module}`, ...packages].join(","),
      protoFile: [...files.values()].map(({ proto }) => proto),
    }),
  );
}

async function generate(request: Uint8Array, into: string): Promise<void> {
  const plugin = ["run", "google.golang.org/protobuf/cmd/protoc-gen-go"];
  const { stdout, stderr, status } = spawnSync("go", plugin, { cwd: into, input: request, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`protoc-gen-go failed:\n${stderr}`);
  const { error, file } = fromBinary(CodeGeneratorResponseSchema, stdout);
  if (error) throw new Error(`protoc-gen-go: ${error}`);
  for (const { name, content } of file) {
    const path = join(into, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}
