// What Codex showed, and what reached the provider: LAST_MESSAGE SENT.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const [last, sent] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8').trim())
assert.equal(last, 'the tool has spoken')
const bodies = sent.split('\n').map((line) => JSON.parse(JSON.parse(line).body))
assert.equal(bodies.length, 3, 'one request a turn, and none again')
assert.ok(bodies[0].tools.every((tool) => tool.type === 'function' && tool.function.name))
const result = (body, id) => {
  const [call, result] = body.messages.slice(-2)
  assert.equal(call.tool_calls[0].id, id)
  assert.deepEqual([result.role, result.tool_call_id], ['tool', id])
  return result.content
}
assert.match(result(bodies[1], 'call_1'), /written-by-the-tool/)
// a tool of a namespace was found by its own name: it complains of its argument
assert.match(result(bodies[2], 'call_2'), /invalid agent id nobody/)
console.log(`codex: two tools of ${bodies[0].tools.length} were called, and their results went back`)
