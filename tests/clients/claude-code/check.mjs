// What Claude Code made of its answers, and what it sent: DIALECT RESULT CAPTURED.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const [dialect, result, captured] = process.argv.slice(2)
const told = JSON.parse(result)
assert.equal(told.is_error, false, result)
assert.equal(told.result, 'The note says: seventeen')
const lines = readFileSync(captured, 'utf8').trim().split('\n')
const calls = lines.map(line => JSON.parse(line)).filter(call => call.dialect === dialect)
// the stream of Anthropic's dialect breaks once, and is asked for again
assert.ok(calls.length >= (dialect === 'anthropic' ? 3 : 2), `${calls.length} calls`)
const { messages } = JSON.parse(calls.at(-1).body)
const results = dialect === 'anthropic'
  ? messages.flatMap(turn => Array.isArray(turn.content) ? turn.content : [])
    .filter(block => block.type === 'tool_result')
  : messages.filter(turn => turn.role === 'tool')
assert.ok(results.some(result => JSON.stringify(result).includes('seventeen')), 'the tool was run')
if (dialect === 'anthropic') {
  const thinking = messages.flatMap(turn => Array.isArray(turn.content) ? turn.content : [])
    .filter(block => block.type === 'thinking')
  assert.deepEqual(thinking.map(block => block.signature), ['mock'])
}
console.log(`claude-code: ${dialect}: ${told.num_turns} turns, ${calls.length} calls:`, told.result)
