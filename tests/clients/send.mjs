// Sends what an application sends, with the SDKs of JavaScript, to `sigmapol mock-provider`: URL.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// the packages are in the folder that this is run in, and not beside this file
const require = createRequire(join(process.cwd(), 'package.json'))
const { OpenAI } = require('openai')
const { Anthropic } = require('@anthropic-ai/sdk')

const [url] = process.argv.slice(2)
const ANSWER = 'a short answer'
const PIXEL = 'data:image/png;base64,iVBORw0KGgo='
const SCHEMA = {
  type: 'object',
  properties: { at: { type: 'integer', default: null }, x: { type: 'number', multipleOf: 0.1 } },
  required: ['at'],
  additionalProperties: false,
}

const openai = route =>
  new OpenAI({ baseURL: `${url}/${route}/v1`, apiKey: 'k', maxRetries: 0 }).chat.completions
const said = response => response.choices[0].message.content
const user = { role: 'user', content: 'caf\u00e9 \u{1f600} \u2028' }
const chat = openai('chat')
assert.equal(said(await chat.create({ model: 'm', messages: [user], top_p: 1e-7 })), ANSWER)
const parts = [{ type: 'text', text: 'what is it?' }, { type: 'image_url', image_url: { url: PIXEL } }]
assert.equal(said(await chat.create({ model: 'm', messages: [{ role: 'user', content: parts }] })), ANSWER)
const format = { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: SCHEMA } }
assert.equal(said(await chat.create({ model: 'm', messages: [user], response_format: format })), ANSWER)
let streamed = ''
for await (const chunk of await chat.create({ model: 'm', messages: [user], stream: true })) {
  streamed += chunk.choices[0]?.delta.content ?? ''
}
assert.equal(streamed, ANSWER)
const helper = chat.stream({ model: 'm', messages: [user] })
assert.equal(await helper.finalContent(), ANSWER)
const tools = [{ type: 'function', function: { name: 'look', parameters: SCHEMA } }]
const { message } = (await openai('tool').create({ model: 'm', messages: [user], tools })).choices[0]
assert.equal(message.tool_calls[0].function.arguments, '{"at":9007199254740993,"x":1.10}')
const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'a cat' }
assert.equal(said(await chat.create({ model: 'm', messages: [user, message, result], tools })), ANSWER)

const anthropic = route => new Anthropic({ baseURL: `${url}/${route}`, apiKey: 'k', maxRetries: 0 }).messages
const common = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] }
assert.equal((await anthropic('chat').create(common)).content[0].text, ANSWER)
assert.equal(await anthropic('chat').stream(common).finalText(), ANSWER)
const called = await anthropic('tool').create({ ...common, tools: [{ name: 'look', input_schema: SCHEMA }] })
assert.equal(called.content.find(block => block.type === 'tool_use').name, 'look')
