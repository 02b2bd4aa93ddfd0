// Verifying ledgers in JavaScript: the same reports and the same words as the host's.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LedgerError, verify } from "../dist/ledger.js";
import { root } from "./host.js";
import { folder, host, needsHost, seal, sha256 } from "./ledgers.js";

/** What the host says of a ledger of these segments: its report, or its error. */
function verifyByHost(segments, ...args) {
  const directory = folder();
  segments.forEach((segment, at) => writeFileSync(join(directory, `00000${at + 1}.jsonl`), segment));
  const { status, stdout, error } = host("ledger", "verify", directory, "--json", ...args);
  return status === 0 ? JSON.parse(stdout) : error;
}

function verifyHere(segments, options) {
  try {
    return verify(segments.map((segment) => Buffer.from(segment)), options);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    assert.equal(error.message.startsWith(`${error.code}: `), true);
    return error.message;
  }
}

const textBody = (text, digest = sha256(text)) => `{"sha256":"${digest}","text":${JSON.stringify(text)}}`;
const RECORDS = [
  { kind: "genesis", body: '{"format":"sigmapol-ledger/v1"}' },
  { kind: "text", body: textBody('a "text" é\n') },
  { body: '{"n":1,"x":[0.5,{"k":[null,true]}]}' },
  { body: "{}" },
  { kind: "text", body: textBody("") },
];
const LINES = seal(RECORDS);
const sealOf = (line) => line.slice(-67, -3);
const SEALS = LINES.map(sealOf);
const other = (digest) => digest.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));

/** The ledger with one record changed before everything was sealed. */
const forged = (at, change) => seal(RECORDS.with(at, { ...RECORDS[at], ...change })).join("");
/** The ledger with a piece of the third line changed after. */
const changed = (from, to) => LINES.with(2, LINES[2].replace(from, to)).join("");

const damaged = (line, what) => `damaged: segment 1, line ${line}, number ${line - 1}: expected ${what}`;
const NOT_CANONICAL = damaged(3, "a record as canonical JSON");
const unsealed = (from, to) => {
  const actual = sha256(`sigmapol-ledger/v1\n${LINES[2].replace(from, to).slice(0, -76)}}`);
  return [changed(from, to), damaged(3, `the seal ${actual}, got ${SEALS[2]}`)];
};
const otherEnd = seal(RECORDS.with(3, { body: '{"n":2}' }))[3];
const bytes = LINES.join("");

/** What is wrong, the ledger, and what is said of it. */
const DAMAGE = [
  // a byte in each part of a line
  ["time", ...unsealed(":30.", ":31.")],
  ["body", ...unsealed('"n":1', '"n":2')],
  ["kind", ...unsealed("note", "nota")],
  ["number", ...unsealed('"number":2', '"number":3')],
  ["prev", ...unsealed(SEALS[1], other(SEALS[1]))],
  ["seal", changed(SEALS[2], other(SEALS[2])), damaged(3, `the seal ${SEALS[2]}, got ${other(SEALS[2])}`)],
  ["brace", changed("{", "["), NOT_CANONICAL],
  ["name of a member", changed("kind", "Kind"), NOT_CANONICAL],
  ["digit of a seal", changed(SEALS[2], SEALS[2].toUpperCase()), NOT_CANONICAL],
  ["line feed", changed("\n", " "), NOT_CANONICAL],
  ["UTF-8", Buffer.from(bytes, "latin1"), damaged(2, "UTF-8")],
  ["byte order mark", `\ufeff${bytes}`, damaged(1, "a record as canonical JSON")],
  // lines
  ["line left out", LINES.toSpliced(2, 1).join(""), damaged(3, "the number 2, got 3")],
  ["line twice", LINES.toSpliced(2, 0, LINES[2]).join(""), damaged(4, "the number 3, got 2")],
  ["lines swapped", LINES.toSpliced(2, 2, LINES[3], LINES[2]).join(""), damaged(3, "the number 2, got 3")],
  ["empty line", LINES.toSpliced(2, 0, "\n").join(""), NOT_CANONICAL],
  ["another line", LINES.with(3, otherEnd).join(""), damaged(5, `the prev ${sealOf(otherEnd)}, got ${SEALS[3]}`)],
  ["first line", LINES.slice(1).join(""), damaged(1, `the kind genesis and the body ${RECORDS[0].body}`)],
  ["end", bytes.slice(0, -5),
    `torn: segment 1, offset ${Buffer.byteLength(LINES.slice(0, 4).join(""))}: `
      + `expected the end of the last line after ${Buffer.byteLength(LINES[4]) - 5} bytes`],
  ["nothing", "", "torn: segment 1, offset 0: expected the end of the last line after 0 bytes"],
  // what was sealed is not what a ledger says
  ["version", forged(0, { body: '{"format":"sigmapol-ledger/v2"}' }),
    "version: expected sigmapol-ledger/v1, got sigmapol-ledger/v2"],
  ["genesis", forged(2, RECORDS[0]), damaged(3, "no genesis here")],
  ["segment", forged(2, { kind: "segment", body: '{"segment":7}' }), damaged(3, "no segment here")],
  ["digest of a text", forged(1, { body: textBody("a", sha256("b")) }),
    damaged(2, `the digest ${sha256("a")}, got ${sha256("b")}`)],
  ["text without a digest", forged(1, { body: '{"text":"a"}' }),
    damaged(2, "sha256 and text in the body of a text")],
  ["number of more bits than a double has", forged(2, { number: "9007199254740993" }),
    damaged(3, "the number 2, got 9007199254740993")],
  ...[
    '{"a":1,"a":1}', '{"b":1,"a":1}', '{"a": 1}', '{"a":1.0}', '{"a":-0}', '{"a":1e21}', '{"a":1e400}',
    '{"a":9007199254740993}', '{"a":"\\/"}', '{"a":"\\u001F"}', '{"a":"\\ud800"}', '{"\ue000":1,"\u{1f600}":2}',
    "[]", "{}{}", `${'{"a":'.repeat(100)}{}${"}".repeat(100)}`,
  ].map((body) => [body, forged(2, { body }), NOT_CANONICAL]),
  ...[
    "2026-02-29T12:00:30.000000Z", "2016-12-31T23:59:60.000000Z", "2026-01-01T24:00:00.000000Z",
    "9999-12-31T00:00:00.000000Z", "2026-01-01T00:00:00.000Z",
  ].map((at) => [at, forged(2, { at }), NOT_CANONICAL]),
  ...["Note", "1", "", "a".repeat(65)].map((kind) => [`kind ${kind}`, forged(2, { kind }), NOT_CANONICAL]),
  ...["01", "-1", "1.0", "18446744073709551616"].map((number) => [number, forged(2, { number }), NOT_CANONICAL]),
];

/** Changes that look random and are the same in every run. */
function* mutations(count) {
  let state = 1;
  const below = (end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
  const original = Buffer.from(bytes);
  for (let round = 0; round < count; round++) {
    const at = below(original.length);
    const mutated = Buffer.from(original);
    if (round % 4 === 0) mutated[at] ^= 1 << below(8);
    if (round % 4 === 1) mutated[at] = '\n"\\{},: 0a'.charCodeAt(below(10));
    const from = below(original.length);
    if (round % 4 === 2) yield Buffer.concat([original.subarray(0, at), original.subarray(from)]);
    else if (round % 4 === 3) yield original.subarray(0, at);
    else yield mutated;
  }
}

describe("verify", () => {
  test("a whole ledger", () => {
    const told = [];
    const length = Buffer.byteLength(bytes);
    const head = { number: 4, seal: SEALS[4] };
    const report = { records: 5, texts: 2, segments: 1, bytes: length, head };
    assert.deepEqual(verify([Buffer.from(bytes)], { anchor: head, progress: (read) => told.push(read) }), report);
    assert.deepEqual(told, [length]);
    for (const body of [
      '{"a":1e+21,"b":[5e-324]}', '{"\u{1f600}":1,"\ue000":2}', '{"__proto__":{},"a":"\\u001f\x7f"}',
      `${'{"a":'.repeat(99)}{}${"}".repeat(99)}`,
    ]) {
      assert.equal(verifyHere([forged(2, { body })]).records, 5, body);
    }
    for (const at of ["0000-02-29T00:00:00.000000Z", "9999-12-30T22:00:00.999999Z"]) {
      assert.equal(verifyHere([forged(2, { at })]).records, 5, at);
    }
  });

  test("damage of every kind", () => {
    for (const [name, ledger, message] of DAMAGE) assert.equal(verifyHere([ledger]), message, name);
  });

  test("a text with one more member is none, here as in the host", needsHost, () => {
    const { body } = RECORDS[1];
    for (const more of [body.replace("{", '{"a":1,'), body.replace(/}$/, ',"zzz":[{"text":"b"}]}')]) {
      const ledger = forged(1, { body: more });
      assert.deepEqual(verifyHere([ledger]), verifyByHost([ledger]), more);
      assert.match(JSON.stringify(verifyHere([ledger])), /expected sha256 and text in the body of a text/);
    }
  });

  /** One line of 63 MiB, made of so many pieces. */
  const wide = (open, piece, close, kind = "note") => {
    const count = Math.floor((63 << 20) / (piece(10_000_000).length + 1));
    const middle = Array.from({ length: count }, (_, at) => piece(10_000_000 + at)).join(",");
    return { count, segment: Buffer.from(seal([RECORDS[0], { kind, body: open + middle + close }]).join("")) };
  };
  const least = (what) => Math.min(...[1, 2].map(() => {
    const start = performance.now();
    what();
    return performance.now() - start;
  }));

  test("one line of tens of millions of values is read in the time that its bytes take", (t) => {
    const plain = wide('{"a":["', () => "x".repeat(1023), '"]}');
    const byBytes = least(() => verify([plain.segment]));
    t.diagnostic(`63 MiB in one string: ${Math.round(byBytes)} ms`);
    for (const [name, { count, segment }, most] of [
      ["numbers", wide('{"a":[', () => "1", "]}"), 30_000_000],
      ["arrays", wide('{"a":[', () => "[]", "]}"), 20_000_000],
      ["members", wide("{", (at) => `"${at}":0`, "}"), 5_000_000],
      ["members of a text", wide("{", (at) => `"${at}":0`, `,${textBody("a").slice(1)}`, "text"), 5_000_000],
      ["long numbers", wide('{"a":[', () => "0.30000000000000004", "]}"), 3_000_000],
      ["escapes", wide('{"a":"', () => "\\n", '"}'), 20_000_000],
    ]) {
      assert.ok(count >= most, `${name}: ${count}`);
      const start = performance.now();
      // what the ledger itself writes has its own members and no other: that is found as fast
      if (name === "members of a text") assert.throws(() => verify([segment]), /in the body of a text/);
      else assert.equal(verify([segment]).records, 2);
      const took = performance.now() - start;
      t.diagnostic(`${count.toLocaleString("en")} ${name}: ${Math.round(took)} ms`);
      // the machine's own speed is in both; building the values took 25 times as long and more
      assert.ok(took < byBytes * 12 + 1000, `${name}: ${took} ms, ${byBytes} ms for the bytes alone`);
    }
  });

  test("no segment", () => {
    assert.equal(verifyHere([]), "not-a-ledger: expected the file 000001.jsonl");
  });

  test("the host says the same", needsHost, () => {
    for (const [name, ledger, message] of DAMAGE) assert.equal(verifyByHost([ledger]), message, name);
    for (const mutated of mutations(40)) assert.deepEqual(verifyHere([mutated]), verifyByHost([mutated]), `${mutated}`);
    const kept = join(root, "golden/ledgers/5c249f877018");
    const segments = [readFileSync(join(kept, "000001.jsonl"))];
    assert.deepEqual(verifyHere(segments), JSON.parse(host("ledger", "verify", kept, "--json").stdout));
  });

  test("anchors", needsHost, () => {
    for (const [number, seal, message] of [
      [2, SEALS[3], `anchor: expected the seal ${SEALS[3]} of the record 2, got ${SEALS[2]}`],
      [5, SEALS[4], "anchor: expected the record 5, the last one is 4"],
    ]) {
      assert.equal(verifyHere([bytes], { anchor: { number, seal } }), message);
      assert.equal(verifyByHost([bytes], "--anchor", `${number}:${seal}`), message);
    }
  });

  test("segments, one by one or all in one", needsHost, () => {
    const segment = (number) => ({ kind: "segment", body: `{"segment":${number}}` });
    const lines = seal([...RECORDS, segment(2), { body: "{}" }, segment(3), { body: "{}" }]);
    const [one, two, three] = [lines.slice(0, 5), lines.slice(5, 7), lines.slice(7)].map((part) => part.join(""));
    const report = verifyHere([one, two, three]);
    assert.equal(report.segments, 3);
    assert.deepEqual(report, verifyByHost([one, two, three]));
    assert.deepEqual(report, verifyHere([one + two + three]));
    const cut = two.slice(0, -1);
    for (const [segments, message] of [
      [[one, cut, three], "damaged: segment 2, line 2, number 6: expected the end of the line"],
      [[one, "", three], "damaged: segment 2, line 1, number 5: expected a record"],
      [[one, three], 'damaged: segment 2, line 1, number 5: expected the kind segment and the body {"segment":2}'],
      [[one, two + three], "damaged: segment 2, line 3, number 7: expected no segment here"],
      [[one, two, ""], "torn: segment 3, offset 0: expected the end of the last line after 0 bytes"],
    ]) {
      assert.equal(verifyHere(segments), message);
      assert.equal(verifyByHost(segments), message);
    }
    // positions are those of the folder
    const position = "segment 2, offset 234: expected the end of the last line after 219 bytes";
    assert.equal(verifyHere([one + cut]), `torn: ${position}`);
    assert.equal(verifyByHost([one, cut]), `torn: ${position}`);
    const changed = two.replace('"body":{}', '"body":{"n":1}');
    const message = verifyByHost([one, changed, three]);
    assert.match(message, /^damaged: segment 2, line 2, number 6: expected the seal /);
    assert.equal(verifyHere([one + changed + three]), message);
  });
});
