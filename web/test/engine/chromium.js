// An engine for `sigmapol conformance --exec`: the package in a page of Chromium.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { launch } from "../chromium.js";
import { answering } from "./answering.js";

const browser = await launch();
const page = await browser.newPage();
const [index, shared] = await Promise.all(
  ["index.js", "shared.js"].map((name) => readFile(new URL(`../../dist/${name}`, import.meta.url), "utf8")),
);
// the files are put into the page; what one imports of the other goes by the address that it has there
const answer = await page.evaluateHandle(
  `(async () => {
    const url = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const index = ${JSON.stringify(index)}.replace("./shared.js", url(${JSON.stringify(shared)}));
    return (${answering})(await import(url(index)), ${JSON.stringify(process.argv[2])});
  })()`,
);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await answer.evaluate((answer, line) => answer(line), line)}\n`);
}
await browser.close();
