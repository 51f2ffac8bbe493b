import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type DeviceFacts, type Knock, pairingTitle, whoIsCalling } from "./rules.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const device = (change: Partial<DeviceFacts> = {}): DeviceFacts => ({
  ...{
    id: "d1",
    organisation: "o1",
    aeTitle: "CT1",
    revokedAt: null,
    notAfter: null,
    services: ["store"],
    pairing: null,
  },
  ...change,
});
const knock = (change: Partial<Knock> = {}): Knock => ({
  ...{ callingAe: "CT1", calledAe: "SAFELIGHT" },
  certificate: { validFrom: new Date("2026-01-01"), validTo: new Date("2027-01-01") },
  ...change,
});
const CODE = "PAIR-ABCDEFGHIJ";
const waiting = device({ id: "d9", organisation: "o2", pairing: CODE });
const other = device({ organisation: "o3", pairing: "PAIR-KLMNOPQRST" });
const verdict = (asked: Partial<Knock>, devices: DeviceFacts[]) => {
  const found = whoIsCalling(knock(asked), devices, NOW);
  return "device" in found ? found.device.id + (found.pairs ? " pairs" : "") : found.refused;
};

const CASES: readonly [claim: string, asked: Partial<Knock>, devices: DeviceFacts[], expected: string][] = [
  ["the certificate's device under its own AE title is known", {}, [device()], "d1"],
  ["spaces around the AE title mean nothing (PS3.5 §6.2, AE)", { callingAe: " CT1  " }, [device()], "d1"],
  ["nobody holds this certificate", {}, [], "unknown-device"],
  ["the certificate is known, the AE title is another", { callingAe: "CT2" }, [device()], "unknown-device"],
  ["letters' case is part of an AE title", { callingAe: "ct1" }, [device()], "unknown-device"],
  ["the device was revoked", {}, [device({ revokedAt: NOW })], "unknown-device"],
  [
    "the certificate has ended",
    { certificate: { validFrom: new Date(0), validTo: new Date("2026-11-23") } },
    [device()],
    "certificate-not-valid",
  ],
  [
    "the certificate has not begun",
    { certificate: { validFrom: new Date("2026-11-25"), validTo: new Date("2027-01-01") } },
    [device()],
    "certificate-not-valid",
  ],
  [
    "a plain peer has no certificate and is known by its AE title",
    { certificate: null },
    [device({ services: ["store", "plain"] })],
    "d1",
  ],
  [
    "of a revoked and a new registration the new one holds",
    {},
    [device({ revokedAt: NOW }), device({ id: "d2" })],
    "d2",
  ],
  [
    "one device for several organisations, and the called AE title names none",
    {},
    [device(), device({ id: "d2", organisation: "o2" })],
    "several-organisations",
  ],
  [
    "one device for several organisations, and the called AE title chooses",
    { calledAe: "clinic-b" },
    [device({ services: ["store", "called:CLINIC-A"] }), device({ id: "d2", services: ["store", "called:CLINIC-B"] })],
    "d2",
  ],
  ["a device that waits is nobody, whom it calls by its usual title", {}, [waiting], "not-paired"],
  ["it pairs by calling its one-time title", { calledAe: " PAIR-ABCDEFGHIJ " }, [waiting], "d9 pairs"],
  ["nobody else's title pairs it", { calledAe: "PAIR-JJJJJJJJJJ" }, [waiting], "not-paired"],
  ["under another AE title it does not pair", { callingAe: "CT2", calledAe: CODE }, [waiting], "unknown-device"],
  ["revoked, it does not pair", { calledAe: CODE }, [{ ...waiting, revokedAt: NOW }], "unknown-device"],
  ["one that waits elsewhere takes nothing from one that has paired", {}, [waiting, device()], "d1"],
  ["of two that wait the called title chooses", { calledAe: CODE }, [{ ...other, id: "d8" }, waiting], "d9 pairs"],
];

for (const [claim, asked, devices, expected] of CASES) {
  test(`decision 14: ${claim} → ${expected}`, () => assert.equal(verdict(asked, devices), expected));
}

test("PS3.5 §6.2: a one-time title is an AE title of at most 16 characters, and no two are alike", () => {
  const titles = Array.from({ length: 200 }, () => pairingTitle(randomBytes));
  for (const title of titles) assert.match(title, /^PAIR-[A-Z2-7]{10}$/);
  assert.equal(new Set(titles).size, titles.length);
});
