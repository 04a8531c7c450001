"""The README's example does what the README says."""

import os
import pathlib
import subprocess
import sys

import pytest

CLIENT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.cell("example")
def test_the_example_prints_what_the_readme_shows(tmp_path):
    program = str(tmp_path / "example.py")
    subprocess.run(
        [sys.executable, CLIENT.parent / "conformance/example.py", CLIENT / "README.md", program,
         sys.executable, program], check=True, env=os.environ | {"PYTHONPATH": str(CLIENT)})
