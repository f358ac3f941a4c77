import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { pageHeaders } from "../page/content-security.ts";
import { type PageFile, type PageFiles, readPageFiles } from "../page/page-files.ts";
import { refusal } from "./api-error.ts";
import { parseEtags } from "./etag.ts";
import type { OperatorApp, OperatorContext } from "./operator-context.ts";

/** The page for people, at `/`, and its scripts and styles below `/page/`. */
export function pageRoutes(app: OperatorApp, { login }: Pick<OperatorContext, "login">): void {
  // Read when the first browser comes: most control planes are never looked at.
  let reading: Promise<PageFiles> | undefined;
  const fileNamed = async (path: string): Promise<PageFile> => {
    reading ??= readPageFiles();
    const file = (await reading).get(path);
    if (!file) throw refusal(404, "NOT_FOUND", "NO_SUCH_PATH", `the page has no file ${path}: it begins at /`);
    return file;
  };

  app.get("/", { schema: { hide: true } }, async (request, reply) =>
    send(request, reply, await fileNamed("index.html"), pageHeaders((await login?.())?.endpoints?.token)),
  );

  app.get("/page/*", { schema: { hide: true, params: z.object({ "*": z.string() }) } }, async (request, reply) =>
    send(request, reply, await fileNamed(request.params["*"]), pageHeaders(undefined)),
  );
}

function send(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  file: PageFile,
  security: ReturnType<typeof pageHeaders>,
): FastifyReply {
  // Asked for again each time, and answered with 304 until another version of Weir runs.
  void reply.headers({ ...security, "cache-control": "no-cache", vary: "accept-encoding", etag: `"${file.etag}"` });
  if (parseEtags(headers["if-none-match"] ?? "")?.includes(file.etag)) return reply.code(304).send();
  const isGzipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\b)/.test(headers["accept-encoding"] ?? "");
  if (isGzipped) void reply.header("content-encoding", "gzip");
  return reply.type(file.contentType).send(isGzipped ? file.gzipped : file.plain);
}
