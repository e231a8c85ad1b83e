"""The release binary where there is nothing but what the image installs."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_it_serves_in_a_bare_debian_as_a_user_with_no_rights():
    done = subprocess.run([ROOT / "Deploy" / "check-bare-root.sh"], text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ended with status 0" in done.stdout
