import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { readWelcome } from "../e2e/support/demo.ts";
import { type Account, asAccount, type Clone, cloneFor, NOBODY } from "../support/clone.ts";
import { Phone } from "../support/people.ts";

/**
 * Acceptance 1: a fresh clone below a folder of mode 0700, as root and as an ordinary user, reaches the ready line by
 * `npm run demo`, and the login that it prints opens the study list with images. Without root there is one account: one's own.
 */

const self: Account = { name: "this user", uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const accounts = self.uid === 0 ? [{ ...self, name: "root" }, NOBODY] : [self];
const started: { child: ChildProcess; clone: Clone }[] = [];

after(async () => {
  for (const { child, clone } of started) {
    await end(child);
    await clone.remove();
  }
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGTERM"); // npm and what it started
  await ended;
}

/** `npm run demo` in that clone; everything it said once it is ready. */
async function demoOf(account: Account): Promise<string> {
  const clone = await cloneFor(account);
  const [command = "", ...args] = asAccount(account, ["npm", "run", "--silent", "demo"]);
  const child = spawn(command, args, {
    cwd: clone.folder,
    env: {
      PATH: process.env["PATH"],
      HOME: clone.home,
      TMPDIR: `${clone.home}/tmp`,
      SAFELIGHT_HTTP_PORT: "0",
      SAFELIGHT_DICOM_TLS_PORT: "0",
      SAFELIGHT_LOG_LEVEL: "error",
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  started.push({ child, clone });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(`${line}\n`);
      if (line.startsWith('{"ready":true')) resolve(said.join(""));
    });
    child.once("exit", (code) => reject(new Error(`the demonstration ended with ${code}: ${said.join("")}`)));
  });
}

/** Signs in as printed; answers how to ask with that session. */
async function signIn(said: string): Promise<(path: string) => Promise<Response>> {
  const { url, logins } = readWelcome(said);
  const { email, password, totpSecret } = logins.clinic;
  const cookies = new Map<string, string>();
  const ask = async (path: string, body?: object): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(`${url}${path}`, {
      headers: { origin: url, cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";", 1);
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return answer;
  };
  assert.equal((await ask("/api/auth/sign-in/email", { email, password })).status, 200);
  const code = await new Phone(`otpauth://totp/demo?secret=${totpSecret}`).code();
  assert.equal((await ask("/api/auth/two-factor/verify-totp", { code })).status, 200);
  return ask;
}

for (const account of accounts) {
  test(`as ${account.name}, below a folder of mode 0700, the demonstration gets ready and its login opens studies with images`, async () => {
    const ask = await signIn(await demoOf(account));
    const { items } = (await (await ask("/api/studies")).json()) as { items: { studyUid: string }[] };
    assert.ok(items.length >= 5, `${items.length} studies`);
    const page = await ask("/studies");
    assert.match(await page.text(), /<script[^>]+src="\/assets\//);
    for (const { studyUid } of items.slice(0, 3)) {
      const picture = await ask(`/dicomweb/studies/${studyUid}/thumbnail`);
      assert.equal(picture.status, 200);
      assert.ok((await picture.arrayBuffer()).byteLength > 1000);
    }
  });
}
