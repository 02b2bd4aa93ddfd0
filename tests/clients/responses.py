"""Asks `sigmapol serve`, over tests/clients/responses.json, for responses and embeddings, as an
application does with OpenAI's SDK of Python: URL."""

import sys

import openai

ANSWER = "a short answer"
ARGUMENTS = '{"at":9007199254740993,"x":1.10}'
TOOLS = [{"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}]
TEXT = "caf\u00e9 \U0001f600 \u2028"

client = openai.OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="k", max_retries=0)
responses = client.responses

answer = responses.create(model="profile:default", input=TEXT)
assert (answer.status, answer.output_text) == ("completed", ANSWER), answer
assert (answer.usage.input_tokens, answer.usage.total_tokens) == (10, 13)
assert answer.usage.input_tokens_details.cached_tokens == 0
assert answer.x_router["provider"] == "alpha"

events = list(responses.create(model="", input=TEXT, stream=True))
assert [event.sequence_number for event in events] == list(range(len(events)))
assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
texts = [event.delta for event in events if event.type == "response.output_text.delta"]
assert "".join(texts) == ANSWER and len(texts) == 3
reasons = [e.delta for e in events if e.type == "response.reasoning_summary_text.delta"]
assert "".join(reasons) == "because"

with responses.stream(model="", instructions="be short", input=TEXT) as stream:
    assert stream.get_final_response().output_text == ANSWER

# two turns: the items go back as they came, with the results
turns = [{"role": "user", "content": TEXT}]
called = responses.create(model="", input=turns, tools=TOOLS)
assert called.output_text == "let me look"
calls = [item for item in called.output if item.type == "function_call"]
assert [call.arguments for call in calls] == [ARGUMENTS, "{}"]
turns += called.output
turns += [
    {"type": "function_call_output", "call_id": call.call_id, "output": "1"} for call in calls
]
assert responses.create(model="", input=turns, tools=TOOLS).output_text == ANSWER
with responses.stream(model="", input=TEXT, tools=TOOLS) as stream:
    final = stream.get_final_response()
assert final.output[0].arguments == ARGUMENTS

failed = list(responses.create(model="pin:alpha/small", input=TEXT, stream=True))[-1]
assert failed.type == "response.failed", failed
assert failed.response.error.code == "stream_interrupted"
assert "one two three four".startswith(failed.response.output_text)

cut = responses.create(model="", input=TEXT, max_output_tokens=2)
assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")

# the SDK asks for base64 unless it is told otherwise
for form in ({}, {"encoding_format": "float"}):
    vectors = client.embeddings.create(model="family:vectors", input=["a", TEXT], **form)
    assert [v.embedding for v in vectors.data] == [[0.5, -0.25, 0.125], [1, 2, 3]], vectors
    assert (vectors.usage.prompt_tokens, vectors.x_router["provider"]) == (10, "alpha")

for member, code in [
    ({"previous_response_id": "resp_1"}, "previous_response_not_found"),
    ({"model": "profile:nope"}, "unknown_profile"),
]:
    try:
        responses.create(**{"model": "", "input": TEXT, **member})
        raise SystemExit(f"{member}: expected an error")
    except openai.BadRequestError as error:
        assert error.code == code, error
