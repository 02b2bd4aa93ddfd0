// Asks `sigmapol serve`, over tests/clients/messages.json, as an application does with Anthropic's SDK of
// JavaScript: URL.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// the packages are in the folder that this is run in, and not beside this file
const require = createRequire(join(process.cwd(), 'package.json'))
const { Anthropic } = require('@anthropic-ai/sdk')
const { version } = require('./node_modules/@anthropic-ai/sdk/package.json')

const [url] = process.argv.slice(2)
const user = { role: 'user', content: 'caf\u00e9 \u{1f600} \u2028' }
const tools = [{ name: 'look', description: 'Look', input_schema: { type: 'object' } }]
const thinking = { type: 'enabled', budget_tokens: 1024 }
const [ALPHA, BETA] = ['pin:alpha/small', 'pin:beta/large']

const client = new Anthropic({ baseURL: url, apiKey: 'k', maxRetries: 0 })
const { messages } = client
const ids = []
for await (const model of client.models.list()) ids.push(model.id)
assert.ok(ids.includes('profile:default'))
const counted = await messages.countTokens({ model: ALPHA, messages: [user], tools })
assert.ok(counted.input_tokens > 0)

const ask = (model, streamed, more = {}) => {
  const asked = { model, max_tokens: 2048, messages: [user], ...more }
  return streamed ? messages.stream(asked).finalMessage() : messages.create(asked)
}

for (const streamed of [false, true]) {
  const answer = await ask(ALPHA, streamed, { system: 'Be brief.' })
  assert.equal(answer.content[0].text, 'a short answer')
  assert.deepEqual([answer.stop_reason, answer.usage.input_tokens], ['end_turn', 10])
}

// a conversation with tools goes on over several turns, also with those who sign their thinking
for (const [model, signature] of [[ALPHA, 'sigmapol'], [BETA, 'mock']]) {
  for (const streamed of [false, true]) {
    const answer = await ask(model, streamed, { tools, thinking })
    assert.equal(answer.stop_reason, 'tool_use')
    const [first] = answer.content
    assert.deepEqual([first.thinking, first.signature], ['Hm.', signature])
    const calls = answer.content.filter(block => block.type === 'tool_use')
    assert.equal(calls.length, streamed ? 2 : 1)
    if (streamed) assert.deepEqual(calls.map(call => call.input), [{ at: 1 }, { at: 2 }])
    // in the order in which the tools were done, and not in that of the calls
    const results = calls.toReversed().map(call => (
      { type: 'tool_result', tool_use_id: call.id, content: 'a cat' }))
    const turns = [user, { role: 'assistant', content: answer.content },
      { role: 'user', content: results }]
    const last = await ask(model, streamed, { tools, thinking, messages: turns })
    assert.equal(last.content[0].text, 'it is a cat')
  }
}

let said = ''
const broken = messages.stream({ model: ALPHA, max_tokens: 9, messages: [user] })
broken.on('text', text => { said += text })
await assert.rejects(broken.finalMessage(), error => error.error?.error?.type === 'api_error')
assert.ok(said !== '' && 'one two three four'.startsWith(said))

for (const [model, status] of [[ALPHA, 400], ['profile:nope', 400], ['family:none', 529]]) {
  await assert.rejects(ask(model, false), error => {
    assert.deepEqual([error.status, error.error.type], [status, 'error'])
    return error.requestID === error.error.request_id
  })
}
console.log('@anthropic-ai/sdk (JavaScript)', version, 'ok')
