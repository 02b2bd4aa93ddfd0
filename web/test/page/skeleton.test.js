// The page opens from the disk, decides, and asks nothing of any network.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, ranking } from "./page.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("an example is decided", async () => {
  const { page, wrong, close } = await open(browser);
  const rows = await ranking(page);
  assert.ok(rows.length > 3);
  assert.equal(rows[0].score, "1");
  assert.deepEqual(wrong, []);
  await close();
});
