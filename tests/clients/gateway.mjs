// Asks `sigmapol serve`, over tests/clients/gateway.json, as an application does with OpenAI's SDK of
// JavaScript: URL.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// the packages are in the folder that this is run in, and not beside this file
const require = createRequire(join(process.cwd(), 'package.json'))
const { OpenAI } = require('openai')

const [url] = process.argv.slice(2)
const ANSWER = 'a short answer'
const ARGUMENTS = '{"at":9007199254740993,"x":1.10}'
const user = { role: 'user', content: 'caf\u00e9 \u{1f600} \u2028' }
const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0 })
const chat = client.chat.completions
const ids = []
for await (const model of client.models.list()) ids.push(model.id)
assert.ok(ids.includes('profile:default'))

const answer = await chat.create({ model: 'profile:default', messages: [user] })
assert.equal(answer.choices[0].message.content, ANSWER)
assert.equal(answer.x_router.provider, 'alpha')

let streamed = ''
for await (const piece of await chat.create({ model: '', messages: [user], stream: true })) {
  streamed += piece.choices[0]?.delta.content ?? ''
}
assert.equal(streamed, ANSWER)
assert.equal(await chat.stream({ model: '', messages: [user] }).finalContent(), ANSWER)

const { message } = (await chat.create({ model: '', messages: [user], tools })).choices[0]
assert.equal(message.tool_calls[0].function.arguments, ARGUMENTS)
const helper = chat.stream({ model: '', messages: [user, message], tools })
const called = (await helper.finalChatCompletion()).choices[0]
assert.equal(called.finish_reason, 'tool_calls')
assert.equal(called.message.tool_calls[0].function.arguments, ARGUMENTS)

let said = ''
const broken = async () => {
  const model = 'pin:alpha/small'
  for await (const piece of await chat.create({ model, messages: [user], stream: true })) {
    said += piece.choices[0]?.delta.content ?? ''
  }
}
await assert.rejects(broken, { code: 'stream_interrupted' })
assert.ok(said !== '' && 'one two three four'.startsWith(said))

for (const [model, code] of [['', 'bad_request'], ['profile:nope', 'unknown_profile']]) {
  await assert.rejects(chat.create({ model, messages: [user] }), { status: 400, code })
}
