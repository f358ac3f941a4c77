import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";

/** Why there is no browser; false when there is one. */
export const withoutBrowser =
  process.env["WEIR_CHROMIUM"] === undefined
    ? "no Chromium: npm test installs one, or name it in WEIR_CHROMIUM"
    : false;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A page in a real Chromium. */
export type OpenPage = AsyncDisposable & {
  readonly page: Page;
  /** What the browser complained of: errors of scripts, what its content security policy stopped. */
  readonly complaints: readonly string[];
  /** What axe finds that is serious or critical, a line each. */
  seriousFindings(): Promise<readonly string[]>;
};

/** Opens a page in a browser of its own. */
export async function openPage(
  url: string,
  {
    width = 1280,
    height = 800,
    dark = false,
  }: { readonly width?: number; readonly height?: number; readonly dark?: boolean } = {},
): Promise<OpenPage> {
  await using opening = new AsyncDisposableStack();
  // Its sandbox needs what containers do not give; it sees our own page only.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const browser: Browser = await chromium.launch({ executablePath: process.env["WEIR_CHROMIUM"] ?? "", args });
  opening.defer(() => browser.close());
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  page.on("console", (message) => {
    // What cannot be reached is said by the page, and on purpose in some tests.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  page.setDefaultTimeout(30_000);
  await page.goto(url);
  const opened = opening.move();
  return {
    page,
    complaints,
    async seriousFindings() {
      await page.evaluate(axe);
      const { violations } = (await page.evaluate("axe.run()")) as {
        readonly violations: readonly {
          readonly id: string;
          readonly impact: string;
          readonly help: string;
          readonly nodes: readonly { readonly html: string }[];
        }[];
      };
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html ?? ""}`);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
