"""The README's example does what the README says."""

import pathlib
import re
import subprocess
import sys

from conftest import KEY

CLIENT = pathlib.Path(__file__).resolve().parents[1]


def test_the_example_prints_what_the_readme_shows(target, tmp_path):
    text = (CLIENT / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    shown = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "master-key").write_text(KEY + "\n")
    done = subprocess.run(
        [sys.executable, "-c", code.replace("127.0.0.1:4000", target)], cwd=tmp_path,
        env={"PYTHONPATH": str(CLIENT)}, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == (shown, "")
