// The README's example does what the README says. The file is inside of the package, which may so
// import itself by its name.

import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

test("example", () => {
  const program = path("../dist/example/example.mjs");
  execFileSync("python3", [
    path("../../conformance/example.py"), path("../README.md"), program, process.execPath, program],
    { stdio: "inherit" });
});
