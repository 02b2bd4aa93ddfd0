// The browser of the tests: Debian's chromium, or the one that CHROMIUM names.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const executablePath = [
  process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));

/** A browser without a window. Its sandbox needs a kernel that root in a container does not have. */
export const launch = () => chromium.launch({ executablePath, args: ["--no-sandbox"] });
