import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The independent programs that tests compare with: a file that shows each is there → its Debian package. */
const PEERS = [
  ["/usr/bin/chromium", "chromium"],
  ["/usr/bin/storescu", "dcmtk"],
  ["/usr/sbin/Orthanc", "orthanc"],
  ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so", "orthanc-dicomweb"],
  ["/usr/bin/dciodvfy", "dicom3tools"],
  ["/usr/bin/gdcmconv", "libgdcm-tools"],
  ["/usr/lib/python3/dist-packages/pydicom", "python3-pydicom"],
  ["/usr/lib/python3/dist-packages/numpy", "python3-numpy"],
  ["/usr/lib/python3/dist-packages/PIL", "python3-pil"],
  ["/usr/bin/strace", "strace"],
  ["/usr/bin/ojph_expand", "openjph-tools"],
  ["/usr/bin/djxl", "libjxl-tools"],
  ["/usr/bin/cjpeg", "libjpeg-turbo-progs"],
  ["/usr/bin/pngtopnm", "netpbm"],
  ["/usr/bin/openssl", "openssl"],
] as const;

function missing(): string[] {
  return PEERS.filter(([path]) => !existsSync(path)).map(([, name]) => name);
}

/** Makes sure that the peers are there: as root on Debian it installs them, elsewhere it says what to install. Answers whether all are. */
export function ensurePeers(): boolean {
  const wanted = missing();
  if (wanted.length === 0) return true;
  const root = process.getuid?.() === 0;
  const apt = spawnSync("which", ["apt-get"]).status === 0;
  if (!root || !apt) {
    process.stderr.write(
      `These programs are compared with and are missing; as root: apt-get install ${wanted.join(" ")}\n`,
    );
    return false;
  }
  process.stdout.write(`Installing the peers that are compared with: ${wanted.join(", ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
  execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...wanted], {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
  return missing().length === 0;
}
