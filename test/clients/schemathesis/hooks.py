"""What keeps made-up requests about objects that can be there, makes their answers end, and looks at refusals."""

import json
import os

import schemathesis

# Names of objects that are there at the start, by the plural of their kind.
NAMES = json.loads(os.environ["NAMES"])
FREE = ["one", "two", "192.0.2.1"]
NAMESPACES = ["default", "default", "kube-system"]


def choose(pool, value):
    """One of a pool, always the same for a value, so that a failure can be shrunk and seen again."""
    return pool[sum(repr(value).encode()) % len(pool)]


def names_for(path):
    plural = next(part for part in reversed(path.split("/")) if part not in ("{name}", "status"))
    return NAMES.get(plural, []) + FREE


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for field, pool in (("name", names_for(context.operation.path)), ("namespace", NAMESPACES)):
        if isinstance(path_parameters, dict) and field in path_parameters:
            path_parameters[field] = choose(pool, path_parameters[field])
    return path_parameters


@schemathesis.hook
def map_query(_context, query):
    # A watch does not end by itself, and its answer is no one document; the conformance suite has watches.
    if isinstance(query, dict):
        query.pop("watch", None)
    return query


@schemathesis.hook
def map_body(context, body):
    """Half of the bodies with metadata get a name that other requests use as well, and what else must agree."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    if isinstance(metadata, dict) and len(repr(metadata)) % 2 == 0:
        metadata["name"] = choose(names_for(context.operation.path), metadata)
        for field in ("namespace", "resourceVersion", "uid", "generateName"):
            metadata.pop(field, None)
    return body


@schemathesis.check
def refusal_is_a_status(_context, response, _case):
    """Every refusal tells the same in its body as in its code, and why."""
    if response.status_code < 400:
        return
    status = response.json()
    assert status["kind"] == "Status" and status["status"] == "Failure", status
    assert status["code"] == response.status_code, status
    assert status["reason"] and status["message"], status
