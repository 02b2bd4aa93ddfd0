"""Sends what an application sends, with the SDKs of Python, to `sigmapol mock-provider`: URL."""

import sys

import anthropic
import openai
from google import genai

ANSWER = "a short answer"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA = {
    "type": "object",
    "properties": {
        "at": {"type": "integer", "minimum": 0, "maximum": 9007199254740993, "default": None},
        "x": {"type": "number", "multipleOf": 0.10},
    },
    "required": ["at"],
    "additionalProperties": False,
}


def is_same(got, expected):
    if got != expected:
        raise SystemExit(f"expected {expected!r}, got {got!r}")


def of_openai(url):
    def client(route):
        return openai.OpenAI(base_url=f"{url}/{route}/v1", api_key="k", max_retries=0)

    def said(response):
        return response.choices[0].message.content

    chat, tool = client("chat").chat.completions, client("tool").chat.completions
    user = {"role": "user", "content": "caf\u00e9 \U0001f600 \u2028"}
    is_same(said(chat.create(model="m", messages=[user], temperature=0.7, seed=7, user="u")), ANSWER)
    parts = [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]
    is_same(said(chat.create(model="m", messages=[{"role": "user", "content": parts}])), ANSWER)
    schema = {"name": "n", "strict": True, "schema": SCHEMA}
    form = {"type": "json_schema", "json_schema": schema}
    is_same(said(chat.create(model="m", messages=[user], response_format=form)), ANSWER)
    stream = chat.create(
        model="m", messages=[user], stream=True, stream_options={"include_usage": True}
    )
    texts = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
    is_same("".join(texts), ANSWER)

    tools = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]
    first = tool.create(model="m", messages=[user], tools=tools, tool_choice="required")
    message = first.choices[0].message
    is_same(message.tool_calls[0].function.arguments, '{"at":9007199254740993,"x":1.10}')
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "a cat"}
    second = chat.create(model="m", messages=[user, message, result], tools=tools)
    is_same(said(second), ANSWER)


def of_anthropic(url):
    def client(route):
        return anthropic.Anthropic(base_url=f"{url}/{route}", api_key="k", max_retries=0).messages

    user = {"role": "user", "content": "hello"}
    common = {"model": "m", "max_tokens": 100}
    plain = client("chat").create(messages=[user], system="Be brief.", **common)
    is_same(plain.content[0].text, ANSWER)
    image = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    parts = [{"type": "image", "source": image}, {"type": "text", "text": "what is it?"}]
    shown = client("chat").create(messages=[{"role": "user", "content": parts}], **common)
    is_same(shown.content[0].text, ANSWER)
    with client("chat").stream(messages=[user], **common) as stream:
        is_same("".join(stream.text_stream), ANSWER)
    tools = [{"name": "look", "input_schema": SCHEMA}]
    called = client("tool").create(messages=[user], tools=tools, **common)
    call = next(block for block in called.content if block.type == "tool_use")
    is_same((call.name, call.input), ("look", {"at": 9007199254740993, "x": 1.1}))
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "a cat"}
    turns = [user, {"role": "assistant", "content": called.content}]
    turns.append({"role": "user", "content": [result]})
    is_same(client("chat").create(messages=turns, tools=tools, **common).content[0].text, ANSWER)


def of_google(url):
    # a client that nobody holds is closed
    clients = {
        route: genai.Client(api_key="k", http_options={"base_url": f"{url}/{route}"})
        for route in ("chat", "tool")
    }

    def client(route):
        return clients[route].models

    is_same(client("chat").generate_content(model="m", contents="hello").text, ANSWER)
    config = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
    formed = client("chat").generate_content(model="m", contents="hello", config=config)
    is_same(formed.text, ANSWER)
    stream = client("chat").generate_content_stream(model="m", contents="hello")
    is_same("".join(chunk.text or "" for chunk in stream), ANSWER)
    declared = [{"name": "look", "parameters_json_schema": SCHEMA}]
    config = {"tools": [{"function_declarations": declared}]}
    called = client("tool").generate_content(model="m", contents="hello", config=config)
    is_same([call.name for call in called.function_calls], ["look"])


of_openai(sys.argv[1])
of_anthropic(sys.argv[1])
of_google(sys.argv[1])
