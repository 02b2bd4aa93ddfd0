"""Asks `sigmapol serve`, over tests/clients/messages.json, as an application does with Anthropic's SDK of
Python: URL."""

import sys

import anthropic

USER = {"role": "user", "content": "caf\u00e9 \U0001f600 \u2028"}
TOOLS = [{"name": "look", "description": "Look", "input_schema": {"type": "object"}}]
THINKING = {"type": "enabled", "budget_tokens": 1024}
ALPHA, BETA = "pin:alpha/small", "pin:beta/large"

client = anthropic.Anthropic(base_url=sys.argv[1], api_key="k", max_retries=0)
assert "profile:default" in [model.id for model in client.models.list()]
counted = client.messages.count_tokens(model=ALPHA, messages=[USER], tools=TOOLS)
assert counted.input_tokens > 0, counted


def ask(model, stream, messages=None, **more):
    asked = {"model": model, "max_tokens": 2048, "messages": messages or [USER], **more}
    if not stream:
        return client.messages.create(**asked)
    with client.messages.stream(**asked) as answer:
        return answer.get_final_message()


for streamed in [False, True]:
    answer = ask(ALPHA, streamed, system="Be brief.")
    assert [block.text for block in answer.content] == ["a short answer"], answer
    assert answer.stop_reason == "end_turn" and answer.usage.input_tokens == 10, answer
assert answer.id.startswith("msg_") and answer.model == "small-2", answer

# a conversation with tools goes on over several turns, also with those who sign their thinking
for model, signature in [(ALPHA, "sigmapol"), (BETA, "mock")]:
    for streamed in [False, True]:
        more = {"tools": TOOLS, "thinking": THINKING}
        answer = ask(model, streamed, **more)
        assert answer.stop_reason == "tool_use", answer
        assert (answer.content[0].thinking, answer.content[0].signature) == ("Hm.", signature)
        calls = [block for block in answer.content if block.type == "tool_use"]
        inputs = [{"at": 1}, {"at": 2}] if streamed else [{"at": 9007199254740993, "x": 1.1}]
        assert [call.input for call in calls] == inputs, answer
        # in the order in which the tools were done, and not in that of the calls
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": "a cat"}
            for call in reversed(calls)
        ]
        turns = [USER, {"role": "assistant", "content": answer.content}]
        turns.append({"role": "user", "content": results})
        answer = ask(model, streamed, turns, **more)
        assert [block.text for block in answer.content] == ["it is a cat"], answer

said = ""
try:
    with client.messages.stream(model=ALPHA, max_tokens=9, messages=[USER]) as pieces:
        for piece in pieces.text_stream:
            said += piece
    raise SystemExit("a stream that broke was taken for a whole one")
except anthropic.APIStatusError as error:
    assert error.body["error"]["type"] == "api_error", error.body
assert said and "one two three four".startswith(said)

for model, kind, status in [
    (ALPHA, anthropic.BadRequestError, 400),
    ("profile:nope", anthropic.BadRequestError, 400),
    ("family:none", anthropic.APIStatusError, 529),
]:
    try:
        ask(model, False)
        raise SystemExit(f"{model}: expected an error")
    except kind as error:
        assert error.status_code == status and error.body["type"] == "error", error
        assert error.request_id == error.body["request_id"], error
print("anthropic (Python)", anthropic.__version__, "ok")
