"""What schemathesis loads for test_schema.py: the models that are there, and checks of what its own leave out,
events of streams and errors. Both are held to the published document's schemas."""

import json
import os
import zlib

import jsonschema_rs
import schemathesis

MODELS = os.environ["SCHEMA_MODELS"].split(",")
with open(os.environ["SCHEMA_DOCUMENT"]) as file:
    DOCUMENT = json.load(file)
EVENTS = {
    "/chat/completions": "CreateChatCompletionStreamResponse",
    "/completions": "CreateCompletionResponse",
    "/responses": "ResponseStreamEvent",
}
# What refers to an earlier response: refused by name, and tested elsewhere.
MEMORY = ["previous_response_id", "conversation", "prompt", "background"]
validators = {}


def validator(name):
    if name not in validators:
        validators[name] = jsonschema_rs.Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})
    return validators[name]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Asks for a model that is there, mostly, the same for the same body; for a stream now and then; and for
    nothing that is kept."""
    path = case.operation.path
    if path == "/models/{model}" and len(case.path_parameters["model"]) % 2:
        case.path_parameters["model"] = MODELS[0]
    if not isinstance(case.body, dict):
        return
    chosen = zlib.crc32(json.dumps(case.body, sort_keys=True, default=str).encode())
    if chosen % 16:
        case.body["model"] = MODELS[chosen % len(MODELS)]
    if path in EVENTS and (chosen >> 8) % 3 == 0:
        case.body["stream"] = True
    if path == "/responses" and chosen % 8:
        for name in MEMORY:
            case.body.pop(name, None)


@schemathesis.check
def errors_conform(context, response, case):
    """Every refusal is an `ErrorResponse`; the document gives none to the operations that are served."""
    if response.status_code >= 400:
        validator("ErrorResponse").validate(response.json())


@schemathesis.check
def events_conform(context, response, case):
    """Every event of a stream is what the document says of it, and the stream ends as its dialect's do."""
    kind = (response.headers.get("content-type") or [""])[0]
    if not kind.startswith("text/event-stream"):
        return
    events = [
        line.removeprefix("data: ") for line in response.content.decode().splitlines()
        if line.startswith("data: ")]
    with open("streams", "a") as log:
        log.write(f"{case.operation.path}\n")
    is_responses = case.operation.path == "/responses"
    if response.stream_cut_short:
        return
    if not is_responses:
        assert events.pop() == "[DONE]"
    for event in map(json.loads, events):
        name = "ErrorResponse" if "error" in event and not is_responses else EVENTS[case.operation.path]
        validator(name).validate(event)
    if is_responses:
        assert json.loads(events[-1])["type"] in (
            "response.completed", "response.incomplete", "response.failed", "error"), events[-1]
