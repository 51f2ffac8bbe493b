import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPublicKey, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Hidden } from "#kit/hidden.ts";
import { newKey } from "#trust/keys/wrap.ts";
import { canonicalJson } from "#trust/ledger/canonical.ts";
import { checkpointHash, signCheckpoint, verifyCheckpoint } from "#trust/ledger/checkpoint.ts";
import { commitDetail, entryHash, type LedgerEntry } from "#trust/ledger/entry.ts";
import { appendLeaves, EMPTY_FRONTIER, rootOf } from "#trust/ledger/merkle.ts";
import { signingKeyOf } from "#trust/ledger/signing.ts";
import { sealBytes } from "#trust/seal/sealer.ts";
import { hashLowEntropy } from "#trust/tokens/low-entropy.ts";
import { createSecret, hashSecret } from "#trust/tokens/secret.ts";

const folder = mkdtempSync(join(tmpdir(), "safelight-openssl-"));
after(() => rmSync(folder, { recursive: true }));

const openssl = (args: string[], input: Uint8Array = Buffer.alloc(0)): Buffer =>
  execFileSync("openssl", args, { input, maxBuffer: 1e8, stdio: ["pipe", "pipe", "pipe"] });
const sha256 = (...parts: Uint8Array[]) => openssl(["dgst", "-sha256", "-binary"], Buffer.concat(parts));
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

/** The command line does no GCM; its counter mode reads the cipher text, for a 96-bit nonce from counter 2 on (SP 800-38D §7.1). */
test("OpenSSL derives a sealed object's keys by HKDF and reads its chunks in counter mode", () => {
  const key = randomBytes(32);
  const plain = randomBytes(2 * 65_536 + 1234);
  const sealed = sealBytes({ key: new Hidden(key), objectId: randomUUID() }, plain);
  const options = {
    digest: "SHA256",
    hexkey: key.toString("hex"),
    hexsalt: sealed.subarray(0, 32).toString("hex"),
    hexinfo: Buffer.from("safelight seal").toString("hex"),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-kdfopt", `${name}:${value}`]);
  const derived = openssl(["kdf", "-binary", "-keylen", "64", ...flags, "HKDF"]);
  assert.deepEqual(derived.subarray(32), sealed.subarray(32, 64), "the key check");
  for (const number of [0, 1, 2]) {
    const begin = 64 + number * 65_552;
    const cipherText = sealed.subarray(begin, Math.min(begin + 65_536, sealed.length - 32));
    const iv = `${number.toString(16).padStart(22, "0")}00${"00000002"}`;
    const opened = openssl(["enc", "-d", "-aes-256-ctr", "-K", derived.toString("hex", 0, 32), "-iv", iv], cipherText);
    assert.ok(opened.equals(plain.subarray(number * 65_536, (number + 1) * 65_536)), `chunk ${number}`);
  }
});

const organisation = "0190f3a0-7c1e-7000-8000-000000000001";
const entries = ["study.view", "study.share", "grant.revoke"].map((action, sequence): LedgerEntry => {
  const detailCommitment = commitDetail({ reason: action }).commitment;
  const at = "2026-01-02T03:04:05.678Z";
  const [actor, subject] = [{ person: "p1" }, { study: "1.2.3" }];
  return { organisation, sequence, at, action, actor, subject, outcome: "done", because: "own-care", detailCommitment };
});

test("OpenSSL computes the same leaves and the same root of a ledger", () => {
  const leaf = (entry: LedgerEntry) => sha256(Buffer.of(0), Buffer.from(canonicalJson(entry)));
  const [a, b, c] = entries.map(leaf) as [Buffer, Buffer, Buffer];
  const root = sha256(Buffer.of(1), sha256(Buffer.of(1), a, b), c);
  assert.deepEqual(entries.map(entryHash), [a, b, c]);
  assert.deepEqual(rootOf(appendLeaves(EMPTY_FRONTIER, [a, b, c])), root);
});

test("OpenSSL verifies a checkpoint's signature, and a checkpoint that OpenSSL signed verifies here", () => {
  const signingKey = signingKeyOf(newKey());
  const publicKey = createPublicKey(signingKey);
  const root = rootOf(appendLeaves(EMPTY_FRONTIER, entries.map(entryHash)));
  const note = signCheckpoint({ organisation, size: 3, root, previous: undefined, at: new Date(0) }, signingKey);
  const text = note.slice(0, note.indexOf("\n\n") + 1);
  const signed = Buffer.from(note.trimEnd().split(" ").at(-1) ?? "", "base64");
  assert.deepEqual(checkpointHash(note), sha256(Buffer.from(text)));

  const pub = file("pub.pem", publicKey.export({ format: "pem", type: "spki" }));
  const message = file("text", text);
  const signature = file("signature", signed.subarray(4));
  const verifying = ["pkeyutl", "-verify", "-pubin", "-inkey", pub, "-rawin", "-in", message, "-sigfile", signature];
  assert.match(openssl(verifying).toString(), /Verified Successfully/);
  file("text", text.replace("\n3\n", "\n4\n"));
  assert.throws(() => openssl(verifying));

  file("text", text);
  const key = file("key.pem", signingKey.export({ format: "pem", type: "pkcs8" }));
  const theirs = openssl(["pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", message]);
  const line = Buffer.concat([signed.subarray(0, 4), theirs]).toString("base64");
  assert.ok(verifyCheckpoint(`${text}\n— safelight/${organisation} ${line}\n`, publicKey).holds);
});

test("OpenSSL computes the same hashes of secrets and passwords", async () => {
  const secret = createSecret("link");
  assert.deepEqual(hashSecret(secret), sha256(Buffer.from(secret.reveal())));
  const [salt, hash] = (await hashLowEntropy(new Hidden("correct horse"))).split("$").slice(3) as [string, string];
  const options = {
    pass: "correct horse",
    hexsalt: Buffer.from(salt, "base64").toString("hex"),
    n: 32768,
    r: 8,
    p: 3,
    maxmem_bytes: 2 ** 27,
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-kdfopt", `${name}:${value}`]);
  assert.deepEqual(openssl(["kdf", "-binary", "-keylen", "32", ...flags, "SCRYPT"]), Buffer.from(hash, "base64"));
});
