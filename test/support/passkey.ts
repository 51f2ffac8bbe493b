import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import type { TestBrowser } from "./people.ts";

/** WebAuthn level 2 §6.1: bits of the authenticator data's flags. */
const FLAGS = { userPresent: 0x01, userVerified: 0x04, attested: 0x40 } as const;

type Options = { challenge: string; rp?: { id?: string }; rpId?: string };

/** A software authenticator with one key: enough to register with a server and to sign in. It may forget to verify its user. */
export class Authenticator {
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #id = randomBytes(16);
  readonly #origin: string;
  verifiesUser = true;
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  /** Answers a registration with attestation "none". */
  register(options: Options): object {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.#id, this.#coseKey()]);
    const data = Buffer.concat([this.#data(options.rp?.id ?? "localhost", FLAGS.attested), attested]);
    const attestation = Buffer.concat([
      Buffer.of(0xa3),
      text("fmt"),
      text("none"),
      text("attStmt"),
      Buffer.of(0xa0),
      text("authData"),
      bytes(data),
    ]);
    return this.#answer({
      clientDataJSON: this.#clientData("webauthn.create", options.challenge).toString("base64url"),
      attestationObject: attestation.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** Answers a sign-in. */
  authenticate(options: Options): object {
    const data = this.#data(options.rpId ?? "localhost", 0);
    const clientData = this.#clientData("webauthn.get", options.challenge);
    const signed = Buffer.concat([data, createHash("sha256").update(clientData).digest()]);
    return this.#answer({
      clientDataJSON: clientData.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      signature: createSign("SHA256").update(signed).sign(this.#key).toString("base64url"),
    });
  }

  #answer(response: object): object {
    const id = this.#id.toString("base64url");
    return { id, rawId: id, type: "public-key", clientExtensionResults: {}, response };
  }

  #data(rpId: string, more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.#counter);
    const flags = FLAGS.userPresent | (this.verifiesUser ? FLAGS.userVerified : 0) | more;
    return Buffer.concat([createHash("sha256").update(rpId).digest(), Buffer.of(flags), counter]);
  }

  #clientData(type: string, challenge: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false }));
  }

  /** RFC 9053 §7.1.1: an EC2 key of P-256 for ES256. */
  #coseKey(): Buffer {
    const { x = "", y = "" } = this.#publicKey.export({ format: "jwk" });
    return Buffer.concat([
      Buffer.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21),
      bytes(Buffer.from(x, "base64url")),
      Buffer.of(0x22),
      bytes(Buffer.from(y, "base64url")),
    ]);
  }
}

/** RFC 8949 §3.1: a text string of fewer than 24 bytes. */
const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)]);

/** A byte string of fewer than 65,536 bytes. */
function bytes(value: Buffer): Buffer {
  const head =
    value.length < 24
      ? Buffer.of(0x40 + value.length)
      : value.length < 256
        ? Buffer.of(0x58, value.length)
        : Buffer.of(0x59, value.length >> 8, value.length & 0xff);
  return Buffer.concat([head, value]);
}

/** Adds a passkey to whoever is signed in; the status of the server's answer. */
export async function addPasskey(browser: TestBrowser, key: Authenticator): Promise<number> {
  const options = await browser.get("/api/auth/passkey/generate-register-options");
  if (options.statusCode !== 200) return options.statusCode;
  const response = key.register(options.json<Options>());
  return (await browser.post("/api/auth/passkey/verify-registration", { response, name: "test" })).statusCode;
}

/** Signs in by a passkey; the status of the server's answer. */
export async function enterByPasskey(browser: TestBrowser, key: Authenticator): Promise<number> {
  const options = (await browser.get("/api/auth/passkey/generate-authenticate-options")).json<Options>();
  return (await browser.post("/api/auth/passkey/verify-authentication", { response: key.authenticate(options) }))
    .statusCode;
}
