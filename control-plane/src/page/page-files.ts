import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { pageModules } from "./page-modules.ts";

/** A file of the page as it is sent. */
export type PageFile = {
  readonly contentType: string;
  /** Without quotes; of the content. */
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
};

/** The files of the page by their path below `/page/`; the page itself is `index.html`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const folder = new URL("../../page/", import.meta.url);
const entry = "page/main.ts";

/** Reads and prepares all that a browser needs. */
export async function readPageFiles(): Promise<PageFiles> {
  const modules = await pageModules(entry);
  const style = await readFile(new URL("style.css", folder), "utf8");
  const html = await readFile(new URL("index.html", folder), "utf8");
  // Else a browser would learn of each module only from the one that imports it, one round trip after the other.
  const preloads = modules.map(({ path }) => `<link rel="modulepreload" href="/page/${path}" />`).join("\n    ");
  const files = await Promise.all([
    fileOf("index.html", "text/html; charset=utf-8", html.replace("<!-- modules -->", preloads)),
    fileOf("page/style.css", "text/css; charset=utf-8", style),
    ...modules.map(({ path, script }) => fileOf(path, "text/javascript; charset=utf-8", script)),
  ]);
  return new Map(files);
}

async function fileOf(path: string, contentType: string, text: string): Promise<[string, PageFile]> {
  const plain = Buffer.from(text);
  const etag = createHash("sha256").update(plain).digest("base64url").slice(0, 16);
  return [path, { contentType, etag, plain, gzipped: await promisify(gzip)(plain) }];
}
