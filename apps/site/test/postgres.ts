// A PostgreSQL server for one test file, where its programs are installed; it lives in a temporary folder.
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = ["/usr/lib/postgresql/15/bin", ...globSync("/usr/lib/postgresql/*/bin"), "/usr/local/bin", "/usr/bin"].find(
  (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")),
);
const root = process.getuid?.() === 0;
/** PostgreSQL refuses to run as root: then it runs as its own user, if there is one. */
const user = root ? idOf("postgres") : null;

/** Why there is no PostgreSQL here, or null where there is. */
export const noPostgres: string | null = !bin
  ? "PostgreSQL is not installed"
  : root && !user
    ? "PostgreSQL does not run as root, and there is no user postgres"
    : null;

/** Starts a server with an empty database; `stop` ends it and removes its files. */
export async function startPostgres(): Promise<{ url: string; stop: () => void }> {
  if (!bin) throw new Error(noPostgres ?? "");
  const folder = mkdtempSync(join(tmpdir(), "reprise-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const run = (program: string, ...args: string[]) => {
    const { status, stderr, error } = spawnSync(join(bin, program), args, {
      ...(user ?? {}),
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
  };
  const data = join(folder, "data");
  const port = await freePort();
  run("initdb", "-D", data, "-A", "trust", "-U", "reprise", "-E", "UTF8", "--no-sync");
  run("pg_ctl", "-D", data, "-l", join(folder, "log"), "-w", "-o", `-p ${port} -h 127.0.0.1 -k ${folder} -F`, "start");
  return {
    url: `postgres://reprise@127.0.0.1:${port}/postgres`,
    stop: () => {
      run("pg_ctl", "-D", data, "-m", "immediate", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function idOf(name: string): { uid: number; gid: number } | null {
  const [uid, gid] = ["-u", "-g"].map((flag) => {
    const { status, stdout } = spawnSync("id", [flag, name], { encoding: "utf8" });
    return status === 0 ? Number(stdout) : Number.NaN;
  });
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid as number, gid: gid as number } : null;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
