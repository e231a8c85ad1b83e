"""The fixtures: one fake upstream and one gateway for most tests, a factory for those that kill theirs."""

import pathlib
import resource
import sys
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browsers  # noqa: E402
import engines  # noqa: E402
import staff  # noqa: E402
from servers import DEBUG, ROOT, Child, Fake, Gateway, free_port  # noqa: E402

# Names the fake upstream understands; see Benchmarks/README.md.
BUILT_IN = [
    "fake",
    "fake-nulls",
    "fake-stream-100",
    "fake-stream-20-5ms",
    "fake-stream-40-25ms",
    "fake-usage-1000-200-50-10",
    "fake-usage-0-0-0-0",
    "fake-stream-7-usage-333-111-77-33",
]


def pytest_configure(config):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 12_288), hard))
    for binary in ("tokenaudit", "fake-upstream"):
        if not (DEBUG / binary).exists():
            raise pytest.UsageError(f".build/debug/{binary} is missing; `make end-to-end` builds it")


@pytest.fixture(scope="session")
def fake(tmp_path_factory):
    server = Fake(tmp_path_factory.mktemp("fake"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def make_gateway(fake, tmp_path_factory):
    """Starts gateways with their own books; what is still running at the end is ended."""
    made = []

    def make(*models, start=True, name="gateway", providers=(), **settings):
        """Models are names the fake understands, or members of `Gateway.model` where they differ."""
        gateway = Gateway(tmp_path_factory.mktemp(name), fake.port, **settings)
        chosen = [{"name": model} if isinstance(model, str) else model for model in models or BUILT_IN]
        gateway.apply_catalogue([gateway.model(**members) for members in chosen], providers)
        made.append(gateway)
        return gateway.start() if start else gateway

    yield make
    for gateway in made:
        gateway.discard()
    engines.stop_started()


@pytest.fixture(scope="session", params=engines.CHOSEN)
def engine(request):
    """Each of the databases, for what is to hold on all of them."""
    return request.param


@pytest.fixture(scope="session")
def gateway(make_gateway):
    """Shared by all tests that do not end it; each makes a user of its own."""
    shared = make_gateway(name="shared")
    yield shared
    assert shared.child.is_running(), f"the shared gateway did not survive the tests:\n{shared.child.log_tail()}"
    shared.verify()
    shared.assert_grants_hold()
    assert shared.stop() == 0


@pytest.fixture
def key(gateway):
    return gateway.user()


@pytest.fixture(scope="session")
def real_model(tmp_path_factory):
    """SmolLM2 behind llama.cpp's server; returns its port."""
    port = free_port()
    log = tmp_path_factory.mktemp("model") / "model.log"
    child = Child("model", [sys.executable, ROOT / "Scripts" / "model.py", port], log)
    child.wait_for_http(f"http://127.0.0.1:{port}/health", seconds=120)
    urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=10).close()
    yield port
    child.stop()


@pytest.fixture(scope="session")
def chrome():
    """Debian's Chromium without a window."""
    driver = browsers.chromium()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def staffed(make_gateway, tmp_path_factory):
    """A gateway with somebody of each role and some calls, for the console's tests; each makes what it changes."""
    gateway = make_gateway(*staff.MODELS, name="staffed")
    staff.hire(gateway, tmp_path_factory.mktemp("staff"))
    yield gateway
    gateway.verify()
    assert gateway.stop() == 0


@pytest.fixture
def console(chrome, staffed):
    """Nobody is signed in yet."""
    return browsers.Console(chrome, staffed)
