"""Gives each captured request of OpenAI's API to `sigmapol run` as a contract, and compares what arrives
with what was said: SIGMAPOL CAPTURED URL ARRIVED, the last one being what a second mock captures."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# members in their order, twice if they are there twice, and numbers as their text
EXACT = {"object_pairs_hook": lambda pairs: ("object", pairs), "parse_float": lambda text: ("number", text)}
EXACT["parse_int"] = EXACT["parse_float"]


def lines(file):
    """Not `splitlines`, for which U+2028 ends a line too."""
    return Path(file).read_text(encoding="utf-8").strip("\n").split("\n")


def members(text):
    return json.loads(text, **EXACT)[1]


def expected(body):
    """What has to arrive: the model is the route's, and so is what says that the answer is streamed."""
    said = members(body)
    streams = ("stream", True) in said
    usage = ("stream_options", json.loads('{"include_usage": true}', **EXACT))
    made = []
    for key, value in said:
        if key == "model":
            made.append((key, "served-1"))
        elif key == "stream_options" and streams:
            made.append(usage)
        elif key not in ("stream", "stream_options") or streams:
            made.append((key, value))
    if streams and usage not in made:
        made.append(usage)
    return made, streams


def main(sigmapol, captured, url, arrived):
    provider = {"discovery": "static", "api_kind": "openai_compatible", "base_url": f"{url}/p"}
    can = {"supports_tools": True, "supports_vision": True, "supports_json_mode": True}
    served = [{"provider": "p", "provider_model_id": "served-1"}]
    config = {
        "providers": {"p": provider},
        "models": {"m": {"capabilities": can, "served_by": served}},
        "profiles": {"default": {}},
    }
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "config.json"), Path(folder, "contract.json")
        files[0].write_text(json.dumps(config))
        for line in lines(captured):
            request = json.loads(line)
            if request["dialect"] != "openai_compatible":
                continue
            body = request["body"]
            made, streams = expected(body)
            files[1].write_text(body, encoding="utf-8")
            command = [sigmapol, "run", "--config", files[0], "--contract", files[1]]
            ran = subprocess.run(command + ["--stream"] * streams, capture_output=True, text=True)
            if ran.returncode != 0:
                raise SystemExit(f"{ran.stderr}{body}")
            last = json.loads(lines(arrived)[-1])["body"]
            if members(last) != made:
                raise SystemExit(f"said:    {body}\narrived: {last}")
            count += 1
    if count < 10:
        raise SystemExit(f"only {count} requests were captured")
    print(f"{count} requests arrived as they were said")


main(*sys.argv[1:])
