// Asks `sigmapol serve`, over tests/clients/responses.json, for responses and embeddings, as an
// application does with OpenAI's SDK of JavaScript: URL.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// the packages are in the folder that this is run in, and not beside this file
const require = createRequire(join(process.cwd(), 'package.json'))
const { OpenAI } = require('openai')

const [url] = process.argv.slice(2)
const ANSWER = 'a short answer'
const ARGUMENTS = '{"at":9007199254740993,"x":1.10}'
const input = 'caf\u00e9 \u{1f600} \u2028'
const tools = [{ type: 'function', name: 'look', parameters: { type: 'object' }, strict: false }]

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0 })
const { responses } = client

const answer = await responses.create({ model: 'profile:default', input })
assert.deepEqual([answer.status, answer.output_text], ['completed', ANSWER])
assert.deepEqual([answer.usage.input_tokens, answer.usage.total_tokens], [10, 13])
assert.equal(answer.x_router.provider, 'alpha')

const all = async (request) => {
  const events = []
  for await (const event of await responses.create({ ...request, stream: true })) events.push(event)
  return events
}
const joined = (events, type) =>
  events.filter((event) => event.type === type).map((event) => event.delta).join('')
const events = await all({ model: '', input })
assert.equal(events[0].type, 'response.created')
assert.equal(events.at(-1).response.output.length, 2)
assert.equal(joined(events, 'response.output_text.delta'), ANSWER)
assert.equal(joined(events, 'response.reasoning_summary_text.delta'), 'because')

const helper = responses.stream({ model: '', instructions: 'be short', input })
assert.equal((await helper.finalResponse()).output_text, ANSWER)

// two turns: the items go back as they came, with the results
const turns = [{ role: 'user', content: input }]
const called = await responses.create({ model: '', input: turns, tools })
const calls = called.output.filter((item) => item.type === 'function_call')
assert.deepEqual(calls.map((call) => call.arguments), [ARGUMENTS, '{}'])
turns.push(...called.output)
for (const { call_id } of calls) turns.push({ type: 'function_call_output', call_id, output: '1' })
assert.equal((await responses.create({ model: '', input: turns, tools })).output_text, ANSWER)
const streamed = await responses.stream({ model: '', input, tools }).finalResponse()
assert.equal(streamed.output[0].arguments, ARGUMENTS)

const failed = (await all({ model: 'pin:alpha/small', input })).at(-1)
assert.deepEqual([failed.type, failed.response.error.code], ['response.failed', 'stream_interrupted'])

const cut = await responses.create({ model: '', input, max_output_tokens: 2 })
assert.deepEqual([cut.status, cut.incomplete_details.reason], ['incomplete', 'max_output_tokens'])

// the SDK asks for base64 unless it is told otherwise
for (const form of [{}, { encoding_format: 'float' }]) {
  const vectors = await client.embeddings.create({ model: 'family:vectors', input: ['a', input], ...form })
  assert.deepEqual(vectors.data.map((v) => v.embedding), [[0.5, -0.25, 0.125], [1, 2, 3]])
  assert.equal(vectors.usage.prompt_tokens, 10)
}

for (const [member, code] of [
  [{ previous_response_id: 'resp_1' }, 'previous_response_not_found'],
  [{ model: 'profile:nope' }, 'unknown_profile'],
]) {
  await assert.rejects(responses.create({ model: '', input, ...member }), { status: 400, code })
}
