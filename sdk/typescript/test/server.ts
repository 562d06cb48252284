import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The program: that of the environment, else what "make build" has built. */
function program(): string {
  const path = process.env["AI_MEMORY_BIN"] ?? resolve("..", "..", "bin", "ai-memory");
  if (!existsSync(path)) {
    throw new Error(`there is no ${path}: run "make build", or set AI_MEMORY_BIN to the path of ai-memory`);
  }
  return path;
}

/** A running ai-memory with a database of its own. */
export class Server {
  private constructor(
    readonly baseUrl: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts a server at a free port and waits until it listens. */
  static async start(...flags: string[]): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), "ai-memory-client-"));
    const child = spawn(program(), ["--db", join(folder, "memories.db"), "serve", "--port", "0", ...flags], {
      env: { HOME: folder, AI_MEMORY_NO_CONFIG: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const baseUrl = await new Promise<string>((found, failed) => {
      const read = (text: string): void => {
        output += text;
        const url = /listening on (http:\/\/\S+)/.exec(output)?.[1];
        if (url !== undefined) {
          found(url);
        }
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.on("error", failed);
      child.on("exit", (status) => failed(new Error(`ai-memory ended with status ${status}:\n${output}`)));
      setTimeout(() => failed(new Error(`ai-memory did not listen in time:\n${output}`)), 20_000).unref();
    });
    return new Server(baseUrl, child, folder);
  }

  /** Stops the server and removes its database. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
