import { join } from "node:path";
import { type ForeignClient, madeOnce, runTool } from "./foreign-client.ts";

const source = join(import.meta.dirname, "java");
const files = ["pom.xml", "XdsClient.java"].map((file) => join(source, file));

/** grpc-java with its xDS resolver; Maven brings the libraries the first time (37 MB). Throws when our own source does not compile. */
export async function javaClient(): Promise<ForeignClient> {
  const version = await runTool("mvn", ["--version"]);
  const compiler = await runTool("javac", ["--version"]);
  if (!version.ok || !compiler.ok)
    return { kind: "missing", why: "there is no JDK with Maven to build the Java client with" };
  const says = "bringing grpc-java for the Java client, 37 MB";
  const made = await madeOnce(
    { name: "clients/java", of: files, with: version.output + compiler.output, says },
    async (folder) => {
      const libraries = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
      const brought = await runTool("mvn", ["-q", "-B", ...libraries], { cwd: source });
      if (!brought.ok) return `Maven cannot bring grpc-java:\n${brought.output}`;
      const built = await runTool("javac", ["-cp", join(folder, "*"), "-d", folder, join(source, "XdsClient.java")]);
      if (!built.ok) throw new Error(`test/clients/java does not compile:\n${built.output}`);
      return undefined;
    },
  );
  if (made.kind === "missing") return made;
  const path = `${made.folder}:${join(made.folder, "*")}`;
  return { kind: "ready", program: { command: "java", args: ["-cp", path, "XdsClient"] } };
}
