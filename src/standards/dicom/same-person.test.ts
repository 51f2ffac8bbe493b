import assert from "node:assert/strict";
import { test } from "node:test";
import { likeness, type PatientIdentity, type SamePerson, samePerson } from "./same-person.ts";

/** "name | birth date | sex | Patient ID | issuer"; what is left out is empty. */
function identity(row: string): PatientIdentity {
  const [name = "", birthDate = "", sex = "", patientId = "", issuer = ""] = row.split("|").map((cell) => cell.trim());
  return { name, birthDate, sex, patientId, issuer };
}

type Row = readonly [known: string, arriving: string];

const CASES: Readonly<Record<SamePerson, Readonly<Record<string, Row>>>> = {
  same: {
    "nothing differs": ["Nkosi^Ayanda | 19870419 | F | 1", "Nkosi^Ayanda | 19870419 | F | 1"],
    "capitals, spaces and an empty tail": ["Nkosi^Ayanda | 19870419 | F", "NKOSI ^AYANDA^^^ | 19870419 | F"],
    "a marriage": ["Nkosi^Ayanda | 19870419 | F", "Dlamini^Ayanda | 19870419 | F"],
    "a marriage that keeps both names": ["Nkosi^Ayanda | 19870419 | F", "Dlamini-Nkosi^Ayanda | 19870419 | F"],
    "two family names, one of them used": ["García López^María | 19640212 | F", "GARCIA^MARIA | 19640212 | F"],
    particles: ["van der Merwe^Pieter | 19520607 | M", "Merwe^Pieter | 19520607 | M"],
    "Müller as Mueller and as Muller": ["Müller^Jörg | 19700101 | M", "Mueller^Joerg | 19700101 | M"],
    "another transliteration": ["Mohammed^Yousef | 19810303 | M", "Muhammad^Youssef | 19810303 | M"],
    "a typing error in the name": ["Nkosi^Ayanda | 19870419 | F", "Nksoi^Ayanda | 19870419 | F"],
    "a typing error in the birth date": ["Nkosi^Ayanda | 19870419 | F", "Nkosi^Ayanda | 19870418 | F"],
    "day and month the wrong way round": ["Nkosi^Ayanda | 19870411 | F", "Nkosi^Ayanda | 19871104 | F"],
    "only the year of birth known": ["Nkosi^Ayanda | 19870419 | F", "Nkosi^Ayanda | 19870101 | F"],
    "the wrong sex": ["Nkosi^Ayanda | 19870419 | F", "Nkosi^Ayanda | 19870419 | M"],
    "a birth date with dots": ["Nkosi^Ayanda | 19870419 | F", "Nkosi^Ayanda | 1987.04.19 | F"],
    "an initial": ["Smith^John | 19500101 | M", "Smith^J | 19500101 | M"],
    "a name cut short": ["Smith^Alexander | 19500102 | M", "Smith^Alex | 19500102 | M"],
    "called by the middle name": ["Smith^John^Peter | 19500102 | M", "Smith^Peter | 19500102 | M"],
    "family and given name the wrong way round": ["Nkosi^Ayanda | 19870419 | F", "Ayanda^Nkosi | 19870419 | F"],
    "HL7 order: suffix before prefix": ["Smith^John^A^Dr^Jr | 19500102 | M", "Smith^John^A^Jr^Dr | 19500102 | M"],
    "one component": ["Smith^John | 19500102 | M", "John Smith | 19500102 | M"],
    "a comma": ["Smith^John | 19500102 | M", "Smith, John | 19500102 | M"],
    "a family name alone": ["Smith^John | 19500102 | M", "Smith | 19500102 | M"],
    "an ideographic group more": ["Yamada^Tarou=山田^太郎=やまだ^たろう | 19620831 | M", "Yamada^Tarou | 19620831 | M"],
    "romanised otherwise, ideographs equal": [
      "Hong^Gildong=洪^吉洞 | 19620831 | M",
      "Hung^Kiltong=洪^吉洞 | 19620831 | M",
    ],
    "no script in common": ["Yamada^Tarou | 19620831 | M", "山田^太郎 | 19620831 | M"],
    "a newborn that got a name": ["Smith^Baby Girl | 20260301 | F", "Smith^Anna | 20260301 | F"],
    "missing birth date and sex": ["Nkosi^Ayanda | 19870419 | F", "Nkosi^Ayanda"],
    "missing name": ["Nkosi^Ayanda | 19870419 | F", " | 19870419 | F"],
    "a pseudonym beside the birth date": ["Nkosi^Ayanda | 19870419 | F", "ANON-17 | 19870419 | F"],
    "the pseudonym of research, equal": ["SUBJ-014", "SUBJ-014"],
    "letters lost on the way": ["Müller^Jörg | 19700102 | M", "M?ller^J?rg | 19700102 | M"],
    "another Patient ID and issuer": ["Nkosi^Ayanda | 19870419 | F | 17 | A", "Nkosi^Ayanda | 19870419 | F | 4711 | B"],
    "another Patient ID, all else equal": ["Nkosi^Ayanda | 19870419 | F | 17", "Nkosi^Ayanda | 19870419 | F | 4711"],
    "a Patient ID with the hospital before it": ["Nkosi^Ayanda |  | F | 012345", "Nkosi^Ayanda |  | F | UMZ-12345"],
    "an animal under its owner's number": ["Smith^Rex | 20190501 | M | 9", "Smith^Rex |  | M | 9"],
  },
  doubtful: {
    "another birth date, name and sex equal": ["Nkosi^Ayanda | 19870419 | F", "Nkosi^Ayanda | 19500101 | F"],
    "another name altogether, birth date and sex equal": ["Nkosi^Ayanda | 19870419 | F", "Other^Woman | 19870419 | F"],
    "another name altogether and nothing else known": ["Nkosi^Ayanda | 19870419 | F", "Other^Woman"],
    "twins of one sex": ["Smith^Anna | 20260301 | F", "Smith^Berta | 20260301 | F"],
    "an unknown trauma patient, later named, birth date and sex guessed": [
      "TRAUMA^MALE 7 | 19800101 | M",
      "Nkosi^Sipho | 19870419 | M",
    ],
    "John Doe, later named": ["Doe^John | 19800101 | M", "Nkosi^Sipho | 19870419 | M"],
    "John Doe, later named, birth date that is none": ["Doe^John | 19000101 | M", "Nkosi^Sipho | 19870419 | M"],
    "nothing but the identifier": ["", ""],
    "ANON beside ANON": ["ANON^ANON", "ANON^ANON"],
    "a phantom, named otherwise each day": ["QA^Phantom |  | O | QA", "ACR^Phantom Weekly |  | O | QA"],
    "a sex that is typed wrongly beside a name alone": ["Nkosi^Ayanda |  | F", "Nkosi^Ayanda |  | M"],
    "another Patient ID, name alone equal": ["Nkosi^Ayanda |  | F | 17", "Nkosi^Ayanda |  | F | 4711"],
    "a marriage and a typing error in the birth date": ["Nkosi^Ayanda | 19870419 | F", "Dlamini^Ayanda | 19870418 | F"],
    "a name that changed in marriage, and with it the Patient ID": [
      "Nkosi^Ayanda | 19870419 | F | 17",
      "Dlamini^Ayanda | 19870419 | F | 4711",
    ],
  },
  contradicts: {
    "a CD of another hospital: name, birth date and sex": [
      "Other^Woman | 19500101 | F | 12345",
      "Nkosi^Sipho | 19870419 | M | 12345",
    ],
    "another family and given name, another birth date": ["Nkosi^Ayanda | 19870419 | F", "Other^Woman | 19500101 | F"],
    "another family name, another birth date, a common given name": [
      "Smith^John | 19500102 | M",
      "Jones^John | 19830611 | M",
    ],
    "father and son": ["Smith^John | 19500102 | M", "Smith^Peter | 19830611 | M"],
    "sisters a year apart": ["Smith^Anna | 20260301 | F", "Smith^Berta | 20250301 | F"],
    "strangers whose birth dates are alike": ["Nkosi^Ayanda | 19870419 | F", "Other^Woman | 19870418 | F"],
    "a man and a woman of other names": ["Nkosi^Ayanda |  | F", "Other^Peter |  | M"],
    "twins of two sexes (somebody who changed both cannot be told from them)": [
      "Smith^Anna | 20260301 | F",
      "Smith^Ben | 20260301 | M",
    ],
    "a man and a woman of other birth dates, names equal": ["Smith^Kim | 19500102 | M", "Smith^Kim | 19830611 | F"],
    "a man and a woman of other birth dates, names missing": [" | 19500102 | M", " | 19830611 | F"],
    "ideographs and spelling of another": [
      "Yamada^Tarou=山田^太郎 | 19620831 | M",
      "Suzuki^Ichirou=鈴木^一郎 | 19731022 | M",
    ],
    "two animals of one owner": ["Smith^Rex | 20190501 | M | 9", "Smith^Bella | 20230914 | F | 9"],
    "pseudonyms of two subjects, born otherwise": ["SUBJ-014 | 19500102", "SUBJ-015 | 19830611"],
    "another Patient ID and another name": ["Nkosi^Ayanda | 19870419 | F | P1", "Other^Person | 19870419 | F | P999"],
    "another Patient ID and another birth date": [
      "Nkosi^Ayanda | 19870419 | F | P1",
      "Nkosi^Ayanda | 19500101 | F | P999",
    ],
    "another Patient ID and another sex, birth date missing": ["Nkosi^A |  | F | P1", "Nkosi^A |  | M | P999"],
    "twins under two Patient IDs": ["Smith^Anna | 20260301 | F | 17", "Smith^Berta | 20260301 | F | 4711"],
    "an ID in place of a name tells nobody apart, other things do": ["17 | 19500102 | M", "Smith^Anna | 19830611 | F"],
  },
};

for (const [verdict, cases] of Object.entries(CASES))
  for (const [title, [known, arriving]] of Object.entries(cases))
    test(`${title}: ${verdict}`, () => {
      assert.equal(samePerson(identity(known), identity(arriving)), verdict);
      assert.equal(samePerson(identity(arriving), identity(known)), verdict, "either may be first");
    });

test("of several under one Patient ID the one whose name and birth date agree is likeliest, and the same spelling before it", () => {
  const arriving = identity("Nkosi^Ayanda | 19870419 | F");
  const known = ["", "Nkosi", "Nkosi^Ayanda |  | F", "NKOSI^AYANDA | 19870419 | F", "Nkosi^Ayanda | 19870419 | F"];
  const found = known.map((row) => likeness(identity(row), arriving));
  assert.deepEqual(
    found,
    [...new Set(found)].sort((a, b) => a - b),
  );
  assert.equal(likeness(identity(""), arriving), 0);
});

test("a name of any length and shape is compared, and never at a cost that grows beyond measure", () => {
  for (const name of [
    "",
    "^^^^",
    "====",
    "=^=^=",
    "x".repeat(400),
    "a ".repeat(200),
    "^".repeat(400),
    "\ud800",
    "'",
    "-^-",
  ])
    assert.doesNotThrow(() => samePerson(identity(name), identity("Nkosi^Ayanda | 19870419 | F")));
});
