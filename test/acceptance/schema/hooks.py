"""What schemathesis cannot learn from openapi.yaml: bounds in bytes, real tarballs, and refusals that depend on what is in the store."""

import atexit
import base64
import collections
import json
import os
import re
import zlib

import jsonschema_rs
import requests
import schemathesis

# Refusals of what is valid by its schema: what they say depends on what is in the store, wherever they come up. That the operation may
# answer so is for openapi.yaml to say, and that it does not always answer so for EveryOperationWorks.
OF_WHAT_STANDS_THERE = {
    # what is asked for is not there
    "container_unknown", "image_missing", "job_unknown", "revision_unknown", "spec_unknown", "upload_unknown", "blob_unknown",
    "channel_unknown", "promotion_unknown", "release_unknown", "containerfile_unknown",
    # an image of a set is not there, or not as it has to be; or a channel or a release names what is to be removed
    "promotion_refused", "container_named",
    # its bytes were not read yet, or stand where this server does not read, or send anybody
    "image_unproven", "container_unproven", "source_forbidden", "source_unsupported", "source_gone",
    # its bytes are another architecture's, or gone
    "image_mislabelled", "image_gone",
    # its bytes are no tarball, or do not tell what machine they are for, or prove what it is said to be; or the only image is not taken away
    "image_refused",
    # two of its URLs contradict each other: url is what x86_64 machines run, or one architecture stands there under two names
    "urls_invalid",
    # there is another one where it belongs, or something newer
    "already_exists", "upload_overtaken",
    # the pieces of an upload follow one another
    "upload_conflict",
    # If-Match asks for a revision, and another one stands there
    "precondition_failed",
    # what stood at that revision names no image
    "restore_refused",
}
# And those that JSON Schema cannot say: the operations, the code of the problem (and, where a code has several meanings, how its detail
# begins), and why. Any other refusal of valid data is a fault.
EXCEPTIONS = [
    # builds and tests share a schema, and only a build brings a Containerfile
    (r"PUT /api/v1/containers/\{id\}/tests/\{architecture\}", "parameter_invalid: test: containerfile is not known here"),
    # a new container needs what an old one already has: a digest, and a version where its id has no tag
    (r"(PUT|PATCH|POST) /api/v1/(containers/\{id\}.*|uploads.*|batch)", "parameter_missing"),
    # only the plan's query says whether its body needs a job
    (r"POST /api/v1/plan", "parameter_missing"),
    # a common source is for those that are expected, and nobody may expect any
    (r"POST /api/v1/plan", "parameter_invalid: plan: sources names no architecture"),
    # one architecture under two names, and another source for each
    (r"POST /api/v1/plan", r"parameter_invalid: plan: sources\.\S+ is another source for"),
    # what a body is decides which parameters there are: these three are for a tarball
    (r"PUT /api/v1/containers/\{id\}/images/\{architecture\}", "parameter_invalid: query: version applies only to a tarball"),
    (r"PUT /api/v1/containers/\{id\}/images/\{architecture\}", "parameter_invalid: query: filename applies only to a tarball"),
    (r"PUT /api/v1/containers/\{id\}/images/\{architecture\}", "parameter_invalid: query: digest applies only to a tarball"),
    # Kubernetes has fewer names for machines than there are architectures
    (r"POST /api/v1/plan", "parameter_invalid: no machine of Kubernetes can be labelled"),
    # only the source of a set says whether its images can still be required to be something
    (r"PUT /api/v1/channels/\{channel\}", "parameter_invalid: require is for images as they are now"),
    # parameters of a query cannot exclude one another in OpenAPI: one of three says which tag is meant
    (r"POST /api/v1/image-list/discover", "parameter_missing: query: tag is missing"),
    (r"POST /api/v1/image-list/discover", "parameter_invalid: query: tag is one of several rules"),
    # a cursor is what a page gave; nobody can make one up
    (r"GET /api/v1/(containers|containers/\{id\}/history|deleted|backfill)", "cursor_invalid"),
    # the digest of a body that schemathesis did not compute
    (r"PUT /api/v1/containers/\{id\}/images/\{architecture\}|POST /api/v1/containers/\{id\}/images", "digest_mismatch"),
]
EXCEPTIONS = [(re.compile(operations), *refusal.partition(": ")[::2]) for operations, refusal in EXCEPTIONS]
excepted = collections.Counter()

ENTITY_TAGS = re.compile(r'\*$|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*$')
TARBALL = open(os.environ["SAMPLE_TARBALL"], "rb").read()


@schemathesis.serializer("application/offset+octet-stream")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


def too_long(value, limit=512):
    """Bounds are in bytes of UTF-8, and JSON Schema counts characters."""
    if isinstance(value, dict):
        return any(too_long(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(too_long(one) for one in value)
    return isinstance(value, str) and not value.isascii() and len(value.encode("utf-8", "surrogatepass")) > limit


def positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_stateful(case):
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def one_in(number, case):
    """As good as chance, and the same for the same seed."""
    said = repr((case.path_parameters, case.query, case.headers, case.body))
    return zlib.crc32(said.encode("utf-8", "surrogatepass")) % number == 0


@schemathesis.hook
def filter_case(context, case):
    return not positive(case) or not too_long([case.path_parameters, case.query, case.body])


@schemathesis.hook
def map_case(context, case):
    leave_what_is_kept(case)
    if case.operation.path.endswith("/wait"):
        do_not_wait(case)
    if case.operation.label == "POST /api/v1/uploads":
        ask_for_room(case)
    if case.operation.path.endswith("/events"):
        mostly_with_events(case)
    if case.operation.method.upper() == "DELETE" and case.query and is_stateful(case):
        # what is rehearsed is not gone afterwards
        case.query.pop("dryRun", None)
    if positive(case):
        mostly_without_precondition(case)
        with_what_there_is(case)
        with_tarball(case)
        with_one_rule(case)
        with_template(case)
    return case


# Containers that stay as they are, each for one operation alone. One channel and one release are not removed, either.
KEPT = {"kept": "/containers/{id}/verify", "whole": "/containers/{id}/download"}


def leave_what_is_kept(case):
    parameters = case.path_parameters or {}
    # its colon is quoted already, sometimes
    if case.operation.method.upper() == "DELETE":
        for name, other in [("channel", "passing-1"), ("name", "2025.1")]:
            if parameters.get(name) in ("current-passed-ci", "2026.1"):
                parameters[name] = other
    operation = KEPT.get(re.match("[a-z]*", parameters.get("id", "")).group())
    if operation and not case.operation.path.endswith(operation):
        parameters["id"] = "seed-1:v1"


def do_not_wait(case):
    """Nobody waits for minutes; a timeout that is refused stays as it is."""
    query = case.query if case.query is not None else {}
    if re.fullmatch(r"\d+(\.\d+)?", str(query.get("timeout", 30))):
        query["timeout"] = 0
    case.query = query


def mostly_with_events(case):
    """A stream is read until its first event, and nothing happens meanwhile: most begin long ago."""
    if one_in(5, case):
        return
    query = case.query if case.query is not None else {}
    query.setdefault("since", "2026-01-01T00:00:00Z")
    query.pop("container", None)
    case.query = query
    (case.headers or {}).pop("Last-Event-ID", None)


def ask_for_room(case):
    """More than a gigabyte there may be no room for, which no schema can say."""
    headers = case.headers or {}
    length = str(headers.get("Upload-Length", ""))
    if re.fullmatch(r"\d{1,12}", length) and 2**30 < int(length) <= 2**38:
        headers["Upload-Length"] = str(int(length) % 2**30 + 1)


def mostly_without_precondition(case):
    """Else most requests would end there."""
    headers = case.headers or {}
    # the header's pattern is not followed where it is one that HTTP knows
    if "If-Match" in headers and not (one_in(5, case) and ENTITY_TAGS.match(headers["If-Match"])):
        del headers["If-Match"]
    items = case.body.get("items", []) if isinstance(case.body, dict) else []
    if not one_in(5, case):
        for item in items:
            item.pop("ifMatch", None)


def with_what_there_is(case):
    """Revisions, uploads, channels and releases that are there, and no cursor that is none, every other time."""
    if one_in(2, case):
        return
    path, query, parameters = case.operation.path, case.query or {}, case.path_parameters or {}
    query.pop("cursor", None)
    with_sets_that_are_there(case)
    if "id" in parameters and path.endswith(("/{revision}", "/restore", "/diff")):
        entries = ask(f"containers/{quote(parameters['id'])}/history").get("items", [])
        place = {"{revision}": parameters, "restore": case.body, "diff": query}[path.rsplit("/", 1)[1]]
        for entry in entries[-1:]:
            place["from" if place is query else "revision"] = entry["id"]
    for upload in ask("uploads")["items"][:1] if "upload" in parameters else []:
        parameters["upload"] = upload["upload"]


def with_sets_that_are_there(case):
    query, parameters = case.query or {}, case.path_parameters or {}
    if "channel" in parameters and case.operation.method.upper() not in ("PUT", "DELETE"):
        parameters["channel"] = "current-passed-ci"
    if "number" in parameters:
        parameters["number"] = "1"
    if "digest" in parameters:
        parameters["digest"] = os.environ["CONTAINERFILE"]
    if case.operation.path.endswith("/channels/{channel}/diff"):
        query.update({name: 1 for name in ("from", "to") if name in query})
    if case.operation.path.endswith("/rollback") and isinstance(case.body, dict) and "to" in case.body:
        case.body["to"] = 1
    if case.operation.label in ("PUT /api/v1/channels/{channel}", "POST /api/v1/releases") and isinstance(case.body, dict):
        there = {"channel": "current-passed-ci", "release": "2026.1", "tag": "bbb"}
        source = case.body.get("from", case.body)
        source.update({name: there[name] for name in there if name in source})
        if "set" in case.body:
            case.body["set"] = ["nova-api:bbb", "glance-api:bbb"]


def with_one_rule(case):
    """Mostly only one of those that exclude one another."""
    if case.operation.label != "POST /api/v1/image-list/discover" or one_in(5, case):
        return
    query = case.query if case.query is not None else {}
    rules = [name for name in ("newest", "tag_from_label", "tag") if name in query]
    for name in rules[1:]:
        del query[name]
    if not rules:
        query["tag"] = "bbb"
    case.query = query


def with_template(case):
    """Every body is a template of the keys that are given: no schema says what Jinja is."""
    if case.operation.label == "POST /api/v1/image-list/render" and isinstance(case.body, (bytes, str)):
        keys = [name for name in case.query or {} if re.fullmatch("[a-z_]+", name)]
        filled = "".join("{{%s}}" % name for name in keys)
        case.body = f'container_images_template:\n- imagename: "{filled}/nova-api"\n'.encode()


def ask(path):
    return requests.get(f"{os.environ['API']}/{path}", timeout=600).json()


def quote(name):
    # sometimes it is quoted already
    return requests.utils.quote(requests.utils.unquote(name), safe="")


def with_tarball(case):
    """Every other tarball is one."""
    headers = case.headers or {}
    sample = one_in(2, case)
    if isinstance(case.body, bytes) and sample:
        case.body = TARBALL
    if isinstance(case.body, dict) and "file" in case.body and sample:
        case.body["file"] = TARBALL
    if "Upload-Metadata" in headers:
        # the pattern of a header is not always followed
        headers["Upload-Metadata"] = f"id {base64.b64encode(b'seed-1:v1').decode()}"
    if "Upload-Length" in headers and sample:
        headers["Upload-Length"] = str(len(TARBALL))
    if case.operation.label == "PUT /api/v1/containers/{id}/images/{architecture}" and case.media_type == "application/json":
        # else most of them would end there
        for name in ["version", "filename", "digest"]:
            (case.query or {}).pop(name, None)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A failure counts, unless it is one of the exceptions by name."""
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        return not is_exception(case.operation.label, response)
    if kind == "AcceptedNegativeData" and case.media_type == "multipart/form-data":
        # all values of a form are text, so what is no text becomes some
        return set(re.findall(r"violates `(\w+)`", failure.message)) != {"type"}
    if kind == "AcceptedNegativeData" and case.operation.label == "POST /api/v1/image-list/render":
        # every query parameter is a key, with almost any text: what is made of a valid one is mostly valid, too
        return False
    if kind == "UseAfterFree":
        # what stands beside a container outlasts it, and so does its history, and a channel's, which can bring it back
        return not re.search(r"/\{id\}/(expected|builds|tests|wait|history|diff)\b|/\{channel\}/(history|diff|rollback)\b", case.operation.path)
    return True


def is_exception(label, response):
    try:
        problem = response.json()
        code, detail = problem["code"], problem["detail"]
    except Exception:
        return False
    named = any(code == one and operations.fullmatch(label) and re.match(begin, detail) for operations, one, begin in EXCEPTIONS)
    if code in OF_WHAT_STANDS_THERE or named:
        excepted[f"{response.status_code} {code} {label}"] += 1
        return True
    return False


@atexit.register
def tell():
    for refusal, count in sorted(excepted.items()):
        print(f"valid and refused {count} times: {refusal}")


@schemathesis.check
def lines_conformance(context, response, case):
    """Each line of JSON is as the schema says that describes a line."""
    types = response.headers.get("content-type", [""])
    if not types[0].startswith("application/x-ndjson"):
        return
    schema = case.operation.schema.raw_schema
    described = case.operation.definition.raw["responses"][str(response.status_code)]["content"]["application/x-ndjson"]["schema"]
    validator = jsonschema_rs.Draft202012Validator({**described, "components": schema["components"]})
    for line in response.text.splitlines():
        for error in validator.iter_errors(json.loads(line)):
            raise AssertionError(f"{line} is no {described['$ref']}: {error.message}")


@schemathesis.check
class EveryOperationWorks:
    """An operation that only ever refused was not tested."""

    def __init__(self):
        self.asked = set()
        self.worked = set()

    def after_response(self, context, response, case):
        self.asked.add(case.operation.label)
        # OPTIONS and others are tried on every path
        if response.status_code < 400 and response.request.method == case.operation.method.upper():
            self.worked.add(case.operation.label)

    def after_run(self, context):
        assert self.asked == self.worked, f"never answered with success: {', '.join(sorted(self.asked - self.worked))}"
