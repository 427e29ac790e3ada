"""What keeps made-up requests about objects that can be there, makes their answers end, and looks at refusals."""

import copy
import json
import os

import schemathesis

# Objects that are there at the start, by the plural of their kind.
EXAMPLES = json.loads(os.environ["EXAMPLES"])
FREE_NAMES = ["one", "two", "192.0.2.1"]
NAMESPACES = ["default", "default", "kube-system"]


def choose(pool, value):
    """One of a pool, always the same for a value, so that a failure can be shrunk and seen again."""
    return pool[sum(repr(value).encode()) % len(pool)]


def examples_for(path):
    plural = next(part for part in reversed(path.split("/")) if part not in ("{name}", "status"))
    return EXAMPLES.get(plural, [])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    names = [example["metadata"]["name"] for example in examples_for(context.operation.path)] + FREE_NAMES
    for field, pool in (("name", names), ("namespace", NAMESPACES)):
        if isinstance(path_parameters, dict) and field in path_parameters:
            path_parameters[field] = choose(pool, path_parameters[field])
    return path_parameters


@schemathesis.hook
def map_query(_context, query):
    """Half without any option, since a wrong one hides everything behind it."""
    if not isinstance(query, dict):
        return query
    if len(repr(query)) % 2 == 0:
        query.clear()
    # A watch does not end by itself, and its answer is no one document; the conformance suite has watches.
    query.pop("watch", None)
    return query


@schemathesis.hook
def map_case(context, case):
    """
    A third of the bodies stay as they were made, a third get what makes them an object of the right kind, and a
    third are objects that would do, with a made-up field in their spec.
    """
    if case.method.upper() == "DELETE" and "name" not in (case.path_parameters or {}):
        # What is there at the start is to stay for others.
        case.query = {**(case.query or {}), "dryRun": "All"}
        return case
    body = case.body
    kind = context.operation.definition.raw.get("x-kubernetes-group-version-kind", {}).get("kind")
    is_object = case.method.upper() in ("POST", "PUT") or "json-patch" not in str(case.media_type)
    if not isinstance(body, dict) or kind is None or not is_object or case.method.upper() == "DELETE":
        return case
    way = len(repr(body)) % 3
    if way == 0:
        return case
    examples = examples_for(context.operation.path)
    if way == 2 and examples:
        made = body.get("spec")
        body = copy.deepcopy(choose(examples, body))
        if isinstance(made, dict) and isinstance(body.get("spec"), dict) and made:
            field = choose(sorted(made), made)
            body["spec"][field] = made[field]
    name = (case.path_parameters or {}).get("name") or choose(FREE_NAMES, body)
    case.body = {**body, "apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name}}
    return case


@schemathesis.check
def refusal_is_a_status(_context, response, _case):
    """Every refusal tells the same in its body as in its code, and why."""
    if response.status_code < 400:
        return
    status = response.json()
    assert status["kind"] == "Status" and status["status"] == "Failure", status
    assert status["code"] == response.status_code, status
    assert status["reason"] and status["message"], status
