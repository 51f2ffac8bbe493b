import { mkdtemp, rm } from "node:fs/promises";
import { type Orthanc, startOrthanc } from "../../test/support/orthanc.ts";

/** Orthanc with its fastest settings known (docs/performance.md): nothing is flushed to the disk, and its store is memory. */
export async function fastestOrthanc(): Promise<Orthanc> {
  const store = await mkdtemp("/dev/shm/orthanc-");
  const orthanc = await startOrthanc({
    StorageDirectory: store,
    IndexDirectory: store,
    SyncStorageArea: false,
    StorageAccessOnFind: "Never",
    DicomThreadsCount: 32,
    MaximumPduLength: 131072,
    KeepAlive: true,
    TcpNoDelay: true,
    DicomWeb: { Enable: true, StudiesMetadata: "MainDicomTags", SeriesMetadata: "MainDicomTags" },
  });
  const stop = async (): Promise<void> => {
    await orthanc.stop();
    await rm(store, { recursive: true, force: true });
  };
  return { ...orthanc, stop };
}
