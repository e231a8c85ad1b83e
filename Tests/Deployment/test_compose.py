"""compose.yaml, read by the specification's own rules, and against what the image and nginx expect."""

import ipaddress
import json
import pathlib
import re

import compose_spec
import pytest
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "Deploy"
GATEWAYS = ["gateway-1", "gateway-2"]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


def test_the_specification_knows_every_word(compose):
    compose_spec.PyCompose.from_json(json.dumps(compose)).to_spec()
    with pytest.raises(ValueError):
        compose_spec.PyCompose.from_json(json.dumps({"services": {"a": {"imagee": "b"}}}))


def test_nothing_is_named_that_is_not_there(compose):
    for name, service in compose["services"].items():
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).is_file(), volume
    for variable, path in compose["services"]["gateway-1"]["environment"].items():
        if path.startswith("/run/secrets/"):
            assert path.removeprefix("/run/secrets/") in compose["services"]["gateway-1"]["secrets"], variable


def test_who_starts_waits_for_what_it_needs(compose):
    services = compose["services"]
    for gateway in GATEWAYS:
        assert services[gateway]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
        assert services[gateway]["healthcheck"]["test"] == ["CMD", "tokenaudit", "healthcheck", "--ready"]
    assert services["nginx"]["depends_on"] == {name: {"condition": "service_healthy"} for name in GATEWAYS}
    assert services["migrate"]["command"] == ["migrate"] and services["migrate"]["restart"] == "no"
    assert "healthcheck" in services["postgres"]


def test_gateways_have_their_own_disk_time_to_end_and_no_rights(compose):
    volumes = [compose["services"][gateway]["volumes"] for gateway in GATEWAYS]
    assert volumes[0] != volumes[1]
    for gateway in GATEWAYS:
        service = compose["services"][gateway]
        (volume,) = service["volumes"]
        path = volume.split(":")[1]
        assert service["environment"]["TOKENAUDIT_SPOOL_FOLDER"].startswith(path)
        assert f"VOLUME {path}\n" in (DEPLOY / "Dockerfile").read_text()
        assert seconds(service["stop_grace_period"]) > 30, "deadlines.grace"
        assert service["ulimits"]["nofile"]["hard"] >= 2 * 10_000, "limits.concurrent_calls"
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_database_keeps_what_it_has_acknowledged(compose):
    command = compose["services"]["postgres"]["command"]
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"-c{setting}=on" in command
    assert any(volume.startswith("postgres:") for volume in compose["services"]["postgres"]["volumes"])
    assert "ports" not in compose["services"]["postgres"] and "front" not in compose["services"]["postgres"]["networks"]


def test_nginx_and_gateways_know_each_other_by_address(compose):
    services = compose["services"]
    subnet = ipaddress.ip_network(compose["networks"]["front"]["ipam"]["config"][0]["subnet"])
    nginx = services["nginx"]["networks"]["front"]["ipv4_address"]
    addresses = [nginx] + [services[gateway]["networks"]["front"]["ipv4_address"] for gateway in GATEWAYS]
    assert len(set(addresses)) == 3 and all(ipaddress.ip_address(address) in subnet for address in addresses)
    for gateway in GATEWAYS:
        assert services[gateway]["environment"]["TOKENAUDIT_TRUSTED_PROXIES"] == nginx
    configuration = (DEPLOY / "nginx" / "tokenaudit.conf").read_text()
    assert re.findall(r"server ([\w-]+):8080", configuration) == GATEWAYS
    assert services["nginx"]["ports"] == ["127.0.0.1:8080:8080"] and "listen 8080;" in configuration
    assert all("ports" not in services[gateway] for gateway in GATEWAYS)


def test_the_image_is_built_as_releases_are():
    makefile = (DEPLOY.parent / "Makefile").read_text()
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    flags = re.search(r"^RELEASE := (.*)$", makefile, re.MULTILINE).group(1)
    assert flags in dockerfile
    assert "USER 10001:10001" in dockerfile and "STOPSIGNAL SIGTERM" in dockerfile and "HEALTHCHECK" in dockerfile
