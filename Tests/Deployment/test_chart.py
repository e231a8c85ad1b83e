"""The Helm chart, linted and rendered by Helm itself: its Go library, which `helm-python-sdk` brings along."""

import pathlib

import helm_python as helm
import pytest
import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "Deploy" / "helm" / "tokenaudit"
EVERYTHING = {
    "replicas": 3,
    "image": {"repository": "registry.example.com/tokenaudit", "tag": "1.2.3"},
    "imagePullSecrets": [{"name": "registry"}],
    "settings": {"trusted_proxies": "10.0.0.0/8", "log_level": "debug", "deadlines": {"grace": "45s"}},
    "spool": {"size": "5Gi", "storageClass": "fast"},
    "ingress": {"enabled": True, "tlsSecret": "api-tls"},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "gateways", "operator": "Exists"}],
    "podAnnotations": {"prometheus.io/scrape": "true"},
}


def rendered(values=None, name="demo"):
    """Every object by (kind, name)."""
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(values or {}, name=name, namespace="prod")
    objects = [each for file, text in files.items() if file.endswith(".yaml") for each in yaml.safe_load_all(text) if each]
    named = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    assert len(named) == len(objects)
    return named


def pods(objects):
    return [each["spec"]["template"] for (kind, _), each in objects.items() if kind in ("StatefulSet", "Job")]


def test_helm_finds_nothing_wrong():
    found = helm.lint(str(CHART))
    assert found["errors"] == [] and all(message["severity"] <= 1 for message in found["messages"]), found


def test_what_is_there_by_default_and_with_everything():
    common = {
        ("StatefulSet", "demo-tokenaudit"), ("Service", "demo-tokenaudit"), ("Service", "demo-tokenaudit-replicas"),
        ("ConfigMap", "demo-tokenaudit"), ("ServiceAccount", "demo-tokenaudit"), ("Job", "demo-tokenaudit-migrate"),
        ("PodDisruptionBudget", "demo-tokenaudit"),
    }  # fmt: skip
    assert set(rendered()) == common
    assert set(rendered(EVERYTHING)) == common | {("Ingress", "demo-tokenaudit"), ("NetworkPolicy", "demo-tokenaudit")}
    assert ("PodDisruptionBudget", "demo-tokenaudit") not in rendered({"replicas": 1}), "one replica may be drained"
    assert ("StatefulSet", "tokenaudit-prod") in rendered(name="tokenaudit-prod")


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["default", "everything"])
def test_every_pod_is_locked_down_and_knows_no_secret_but_by_file(values):
    objects = rendered(values)
    assert len(pods(objects)) == 2
    for pod in pods(objects):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert spec["automountServiceAccountToken"] is False
        (container,) = spec["containers"]
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
        assert security["capabilities"]["drop"] == ["ALL"]
        environment = {each["name"]: each["value"] for each in container["env"]}
        files = {"TOKENAUDIT_DATABASE_FILE": "database", "TOKENAUDIT_MASTER_KEY_FILE": "master.key"}
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        paths = {item["path"] for source in volumes["secrets"]["projected"]["sources"] for item in source["secret"]["items"]}
        for variable, file in files.items():
            assert environment[variable] == f"{mounts['secrets']}/{file}" and file in paths
        assert volumes["secrets"]["projected"]["defaultMode"] == 0o440
        claimed = {"spool"} if "volumeClaimTemplates" in objects["StatefulSet", "demo-tokenaudit"]["spec"] else set()
        assert set(mounts) <= set(volumes) | claimed


def test_each_replica_has_a_spool_and_time_to_end():
    objects = rendered(EVERYTHING)
    spec = objects["StatefulSet", "demo-tokenaudit"]["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi" and claim["spec"]["storageClassName"] == "fast"
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["serviceName"] == "demo-tokenaudit-replicas" and spec["replicas"] == 3
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "spool"]
    assert environment["TOKENAUDIT_SPOOL_FOLDER"].startswith(mount["mountPath"])
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause + 45
    assert container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert pod["nodeSelector"] == {"disk": "ssd"} and pod["tolerations"]
    assert container["image"] == "registry.example.com/tokenaudit:1.2.3"


def test_selectors_find_the_replicas_and_nothing_else():
    objects = rendered(EVERYTHING)
    labels = objects["StatefulSet", "demo-tokenaudit"]["spec"]["template"]["metadata"]["labels"]
    migrate = objects["Job", "demo-tokenaudit-migrate"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        objects["StatefulSet", "demo-tokenaudit"]["spec"]["selector"]["matchLabels"],
        objects["Service", "demo-tokenaudit"]["spec"]["selector"],
        objects["Service", "demo-tokenaudit-replicas"]["spec"]["selector"],
        objects["PodDisruptionBudget", "demo-tokenaudit"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy", "demo-tokenaudit"]["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= labels.items() and not selector.items() <= migrate.items()


def test_the_schema_is_migrated_before_an_upgrade():
    job = rendered()["Job", "demo-tokenaudit-migrate"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["migrate"]
    # What the release brings along is not there yet.
    assert "serviceAccountName" not in job["spec"]["template"]["spec"]
    assert not any("configMap" in volume for volume in job["spec"]["template"]["spec"]["volumes"])
    assert ("Job", "demo-tokenaudit-migrate") not in rendered({"migrate": {"enabled": False}})


def test_settings_are_the_file_and_a_change_restarts():
    objects = rendered(EVERYTHING)
    assert yaml.safe_load(objects["ConfigMap", "demo-tokenaudit"]["data"]["tokenaudit.yaml"]) == EVERYTHING["settings"]
    def checksum(each):
        return each["StatefulSet", "demo-tokenaudit"]["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]

    assert checksum(objects) != checksum(rendered())


def test_the_ingress_neither_buffers_nor_sends_twice_nor_shows_metrics():
    ingress = rendered(EVERYTHING)["Ingress", "demo-tokenaudit"]
    annotations = {name.rsplit("/")[-1]: value for name, value in ingress["metadata"]["annotations"].items()}
    assert annotations["proxy-buffering"] == annotations["proxy-request-buffering"] == "off"
    assert "non_idempotent" not in annotations["proxy-next-upstream"] and int(annotations["proxy-read-timeout"]) > 900
    (rule,) = ingress["spec"]["rules"]
    assert {"/v1", "/api"} <= {path["path"] for path in rule["http"]["paths"]}
    assert not any(path["path"] in ("/", "/metrics") for path in rule["http"]["paths"])


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 0},
        {"database": {"existingSecret": "", "key": "url"}},
        {"database": {"url": "postgres://user:secret@host/db"}},
        {"settings": {"database": "postgres://user:secret@host/db"}},
        {"spool": {"size": "lots"}},
        {"replica": 3},
    ],
)
def test_values_that_cannot_be_meant_are_refused(values):
    with helm.Chart.load(str(CHART)) as chart, pytest.raises(helm.HelmError):
        chart.validate_schema(values)
