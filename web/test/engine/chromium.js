// An engine for `sigmapol conformance --exec`: the package in a page of Chromium.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { launch } from "../chromium.js";
import { answering } from "./answering.js";

const browser = await launch();
const page = await browser.newPage();
const source = await readFile(new URL("../../dist/index.js", import.meta.url), "utf8");
const answer = await page.evaluateHandle(
  `(async () => {
    const url = URL.createObjectURL(new Blob([${JSON.stringify(source)}], { type: "text/javascript" }));
    return (${answering})(await import(url), ${JSON.stringify(process.argv[2])});
  })()`,
);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await answer.evaluate((answer, line) => answer(line), line)}\n`);
}
await browser.close();
