// Builds dist/esm and dist/cjs: the same sources, compiled twice, each with its types.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
const tsc = join(dirname(typescript), "bin", "tsc");

function compile(...args) {
  execFileSync(process.execPath, [tsc, "-p", root, ...args], { cwd: root, stdio: "inherit" });
}

rmSync(join(root, "dist"), { recursive: true, force: true });
rmSync(join(root, "build"), { recursive: true, force: true });
compile("--outDir", join(root, "dist", "esm"));
compile("--outDir", join(root, "dist", "cjs"), "--module", "CommonJS");
writeFileSync(join(root, "dist", "cjs", "package.json"), '{ "type": "commonjs" }\n');
