"""Runs the program in a client's README, and compares what it prints with what the README shows.

    clients/conformance/example.py README FILE COMMAND...

writes the program to FILE, with the address of the gateway in the place of 127.0.0.1:4000, and runs
the command in the gateway's folder.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

ADDRESS = "127.0.0.1:4000"


def main() -> int:
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    readme, file, *command = sys.argv[1:]
    text = pathlib.Path(readme).read_text()
    # The first program, and what the README shows below it.
    found = re.search(r"```(?!text|sh)\w+\n(.*?)```.*?```text\n(.*?)```", text, re.DOTALL)
    assert found and ADDRESS in found[1], f"no example in {readme}"
    pathlib.Path(file).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(file).write_text(found[1].replace(ADDRESS, os.environ["LLM_GATEWAY_ADDRESS"]))
    done = subprocess.run(
        command, cwd=os.environ["LLM_GATEWAY_FOLDER"], stdout=subprocess.PIPE, text=True,
        timeout=600)
    if done.returncode or done.stdout != found[2]:
        sys.stdout.writelines(difflib.unified_diff(
            found[2].splitlines(True), done.stdout.splitlines(True), readme, "printed"))
        print(f"{readme}: its example ended with {done.returncode} and printed the above")
        return 1
    with open(os.environ["LLM_GATEWAY_CELLS"], "a") as cells:
        cells.write("example\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
