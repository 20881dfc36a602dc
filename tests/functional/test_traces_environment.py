"""The OTEL_* variables of the OpenTelemetry specification, beside and against the config's telemetry.traces."""

import pytest

from harness.collector import Collector, named
from harness.pagehaul import CONFIG


@pytest.fixture
def collector():
    server = Collector()
    yield server
    server.close()


@pytest.fixture
def by_environment(pagehaul, collector):
    pagehaul.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    return pagehaul


def test_an_endpoint_of_the_environment_is_enough(by_environment, collector):
    by_environment.succeed()
    spans = collector.spans()
    assert len(named(spans, "page")) == 10, "parentbased_always_on is the default"
    assert {path for path, _, _ in collector.requests} == {"/v1/traces"}
    for _, headers, _ in collector.requests:
        assert headers["content-type"] == "application/json"
    assert spans[0].resource["service.name"] == "pagehaul" and spans[0].scope[0] == "pagehaul"
    assert spans[0].scope[1] == spans[0].resource["service.version"]


@pytest.mark.parametrize("variables, path", [
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}/otlp/"}, "/otlp/v1/traces"),
    ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "{}/taken/as-it-is"}, "/taken/as-it-is"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "{}/x"}, "/x"),
])
def test_a_base_path_is_kept_and_an_endpoint_of_traces_is_taken_as_it_is(pagehaul, collector, variables, path):
    pagehaul.succeed(env={name: value.format(collector.url) for name, value in variables.items()})
    assert {requested for requested, _, _ in collector.requests} == {path}


def test_headers_of_the_environment_go_with_its_endpoint(by_environment, collector):
    by_environment.succeed(env={"OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=a%20b, x-key = k=v "})
    (_, headers, _), *_ = collector.requests
    assert (headers["x-tenant"], headers["x-key"]) == ("a b", "k=v")


def test_headers_of_traces_beat_the_general_ones(by_environment, collector):
    by_environment.succeed(env={"OTEL_EXPORTER_OTLP_HEADERS": "x-general=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-traces=1"})
    (_, headers, _), *_ = collector.requests
    assert "x-traces" in headers and "x-general" not in headers


def test_the_file_beats_the_environment_whose_headers_stay_with_its_own_endpoint(by_environment, collector):
    other = Collector()
    try:
        by_environment.configure(telemetry={"traces": {"endpoint": other.url, "sampling": 0, "headers": {"x-file": "from the file"}}})
        by_environment.succeed(env={"OTEL_EXPORTER_OTLP_HEADERS": "x-secret=hunter22", "OTEL_TRACES_SAMPLER": "always_on"})
        assert collector.requests == []
        (_, headers, _), *_ = other.requests
        assert headers["x-file"] == "from the file" and "x-secret" not in headers
        assert sorted(span.name for span in other.spans()) == ["run", "slice"]
    finally:
        other.close()


def test_what_the_file_leaves_out_comes_from_the_environment(by_environment, collector, api):
    by_environment.configure(telemetry={"traces": {"propagate": True}}).succeed(
        env={"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"})
    assert sorted(span.name for span in collector.spans()) == ["run", "slice"]
    assert all(entry["traceparent"] for entry in api.log())


@pytest.mark.parametrize("variables", [
    {"OTEL_SDK_DISABLED": "true"}, {"OTEL_SDK_DISABLED": "TRUE"}, {"OTEL_TRACES_EXPORTER": "none"},
    {"OTEL_TRACES_SAMPLER": "always_off"}, {"OTEL_TRACES_SAMPLER": "parentbased_always_off"}])
def test_the_environment_can_switch_traces_off(by_environment, collector, variables):
    result = by_environment.succeed(env=variables)
    assert collector.requests == [] and not [line for line in result.log if "trace_id" in line]


def test_switched_off_beats_the_file(pagehaul, collector):
    pagehaul.configure(telemetry={"traces": {"endpoint": collector.url}}).succeed(env={"OTEL_SDK_DISABLED": "true"})
    assert collector.requests == []


def test_service_name_beats_the_resource_attributes(by_environment, collector):
    attributes = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=by-attribute,k8s.namespace.name=reports,note=a%2Cb"}
    by_environment.succeed(env=attributes)
    resource = collector.spans()[0].resource
    assert (resource["service.name"], resource["k8s.namespace.name"], resource["note"]) == ("by-attribute", "reports", "a,b")
    before = len(collector.requests)
    by_environment.succeed(env={**attributes, "OTEL_SERVICE_NAME": "by-name"})
    assert len(collector.requests) > before and collector.spans()[-1].resource["service.name"] == "by-name"


@pytest.mark.parametrize("name, value, expected", [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "http"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:hunter22@collector", "user"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/json"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "hunter22", "name=value"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=hunter22%0d", "line break"),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s", "milliseconds"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "0", "milliseconds"),
    ("OTEL_TRACES_SAMPLER", "xray", "traceidratio"),
    ("OTEL_TRACES_SAMPLER_ARG", "5%", "0 to 1"),
    ("OTEL_TRACES_EXPORTER", "zipkin", "otlp or none"),
    ("OTEL_SDK_DISABLED", "yes", "true or false"),
    ("OTEL_RESOURCE_ATTRIBUTES", "no-value", "name=value"),
])
def test_a_bad_value_is_named_with_what_was_expected(by_environment, collector, api, name, value, expected):
    if name.endswith("_ARG"):
        by_environment.env["OTEL_TRACES_SAMPLER"] = "traceidratio"
    result = by_environment.run(env={name: value})
    assert result.code == CONFIG, str(result)
    assert name in result.stderr and expected in result.stderr and "hunter22" not in result.stderr
    assert collector.requests == [] and api.log() == []


def test_a_bad_value_is_nobodys_business_where_nothing_is_exported(pagehaul):
    pagehaul.succeed(env={"OTEL_TRACES_SAMPLER": "xray", "OTEL_SDK_DISABLED": "yes"})


def test_a_section_without_any_endpoint_is_refused(pagehaul):
    result = pagehaul.configure(telemetry={"traces": {"sampling": 0.05}}).run()
    assert result.code == CONFIG and "telemetry.traces.endpoint" in result.stderr and "OTEL_EXPORTER_OTLP_ENDPOINT" in result.stderr
