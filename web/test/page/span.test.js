// Where a refusal is shown: the part of the text that each refusal of golden/ is about.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./module.js";

const { spanOf, spansOf, places } = await load("editor/span.ts");
const refusals = readFileSync(new URL("../../../golden/refusals.jsonl", import.meta.url), "utf8")
  .trimEnd().split("\n").map((line) => JSON.parse(line));
const marked = (text, message) => {
  const { from, to } = spanOf(text, message);
  return text.slice(from, to);
};

test("refusals of terms are shown at what is wrong", () => {
  const rest = '["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]';
  const policy = (filter) => `["policy",\n  ${filter},\n  ${rest}]`;
  for (const [text, message, expected] of [
    ['["top"', "term: line 1 column 7: expected ',' or ']', got the end", '"'],
    ['["é日", nul]', "term: line 1 column 11: expected a value, got 'n'", "nul"],
    ['{\n "a": 1,\n "a": 2}', "term: line 3 column 2: expected each key once", '"a"'],
    [policy('["nope"]'), "ir: $.policy[1]: unknown op 'nope'", '"nope"'],
    [policy('["and", ["top"], ["not", ["zero"]]]'), "$.policy[1].and[2].not[1]: expected Pred, got Scorer", '"zero"'],
    [policy('["and", ["top"], ["not"]]'), "$.policy[1].and[2]: not takes 1 argument(s), got 0", '"not"'],
    [policy('["cmp", "price", "le", 1]'), "$.policy[1].cmp[1]: expected a numeric field", '"price"'],
    [policy('["top"]').replace("abort", "abrt"), "$.policy[5].always[1]: Action.action must be one of", '"abrt"'],
    ['["chain", [{"provider": "p", "model": 5}]]', "$.chain[1]: Chain[1].model must be a string", "5"],
    ['["set_param", "base_url", 1]', "$.set_param[1]: parameter 'base_url' is not a sampling parameter", '"base_url"'],
    ['["seq", ["id"], ["custom", "calm"]]', "interp: custom Sym 'calm' not registered", '"calm"'],
  ]) assert.equal(marked(text, message), expected, message);
});

test("refusals of requests and vocabularies are shown at the member", () => {
  for (const [text, message, expected] of [
    ['{"requirements": {"min_context": "8k"}}', "ctx.request.requirements.min_context: expected a number", '"8k"'],
    ['{"requirements": {"min_contxt": 1}}', "ctx.request.requirements: unknown key 'min_contxt'", '"min_contxt"'],
    ['{"requirements": {"needs": ["audio"]}}', "ctx.request.requirements.needs: unknown need 'audio'", '"audio"'],
    ['{"fields": {"x": {"sort": "Text"}}}', "fields: extension 'x' must declare sort Num or Bool", '"x"'],
    ['{"s": ["top"]}', "ctx.customs['s']: expected Xform, got Pred", '["top"]'],
  ]) assert.equal(marked(text, message), expected, message);
});

test("every refusal of golden/ has a place in its text", () => {
  for (const { id, verb, args, expect } of refusals) {
    if (verb === "step") continue;
    const text = args[0];
    if (text.length === 0) continue;
    const { from, to } = spanOf(text, expect.message);
    assert.ok(0 <= from && from < to && to <= text.length, `${id}: ${from} to ${to} of ${text.length}`);
  }
});

test("paths of argument places", () => {
  assert.deepEqual(places("$.policy[1].and[12]"), [1, 12]);
  const text = '["policy", ["and", ["top"], ["bot"]], ["zero"]]';
  assert.deepEqual(spansOf(text, [[1, 2], [2]]).map(({ from, to }) => text.slice(from, to)), ['["bot"]', '["zero"]']);
});
