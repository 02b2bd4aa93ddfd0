"""Asks `sigmapol serve`, over tests/clients/gateway.json, as an application does with OpenAI's SDK of
Python: URL."""

import sys

import openai

ANSWER = "a short answer"
ARGUMENTS = '{"at":9007199254740993,"x":1.10}'
USER = {"role": "user", "content": "caf\u00e9 \U0001f600 \u2028"}
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]

client = openai.OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="k", max_retries=0)
chat = client.chat.completions
assert "profile:default" in [model.id for model in client.models.list()]
assert client.models.retrieve("family:small").owned_by == "sigmapol"

answer = chat.create(model="profile:default", messages=[USER])
assert answer.choices[0].message.content == ANSWER
assert answer.usage.prompt_tokens == 10
assert answer.x_router["provider"] == "alpha"

pieces = chat.create(model="", messages=[USER], stream=True, stream_options={"include_usage": True})
pieces = list(pieces)
assert "".join(p.choices[0].delta.content or "" for p in pieces if p.choices) == ANSWER
assert pieces[-1].usage.completion_tokens == 3

with chat.stream(model="", messages=[USER]) as stream:
    assert stream.get_final_completion().choices[0].message.content == ANSWER

message = chat.create(model="", messages=[USER], tools=TOOLS).choices[0].message
assert message.tool_calls[0].function.arguments == ARGUMENTS
with chat.stream(model="", messages=[USER, message], tools=TOOLS) as stream:
    choice = stream.get_final_completion().choices[0]
assert choice.finish_reason == "tool_calls"
assert choice.message.tool_calls[0].function.arguments == ARGUMENTS

said = ""
try:
    for piece in chat.create(model="pin:alpha/small", messages=[USER], stream=True):
        said += piece.choices[0].delta.content or ""
    raise SystemExit("a stream that broke was taken for a whole one")
except openai.APIError as error:
    assert error.code == "stream_interrupted", error
assert said and "one two three four".startswith(said)

for model, code in [("", "bad_request"), ("profile:nope", "unknown_profile")]:
    try:
        chat.create(model=model, messages=[USER])
        raise SystemExit(f"{model}: expected an error")
    except openai.BadRequestError as error:
        assert error.code == code, error
