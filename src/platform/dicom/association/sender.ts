import type { Socket } from "node:net";
import { Fault } from "#kit/fault.ts";
import type { UpperLayer } from "#platform/dicom/association/upper-layer.ts";
import type { Command } from "#standards/dimse/command.ts";
import { commandPdus, dataSetPdus } from "#standards/dimse/message.ts";

export type DataSetSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export type SenderOptions = {
  socket: Socket;
  upperLayer: UpperLayer;
  /** Why the association is over, or undefined while it is not. */
  over: () => Fault | undefined;
  /** Half a message cannot be taken back: the association must end. */
  broken: (thrown: unknown) => void;
};

/** Sends an association's messages one after another, each whole, as fast as the peer reads. */
export class Sender {
  readonly #options: SenderOptions;
  #peerMaxPdu = 0;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #drain: PromiseWithResolvers<void> | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    options.socket.on("drain", () => this.wake());
  }

  /** Bytes of a P-DATA-TF PDU that the peer takes at most (0: no limit). */
  set peerMaxPdu(length: number) {
    this.#peerMaxPdu = length;
  }

  /** Whoever waits for the socket looks again: it drained, or the association is over. */
  wake(): void {
    this.#drain?.resolve();
    this.#drain = undefined;
  }

  /** Sends one message after those begun before it. Fault `peer.refused`, `peer.silent` or `request.cancelled` when the association is over. */
  send(contextId: number, command: Command, dataSet?: DataSetSource): Promise<void> {
    if (dataSet === undefined && this.#waiting === 0) {
      return this.#write(commandPdus(contextId, command, this.#peerMaxPdu)); // the usual response: one write, at once
    }
    this.#waiting += 1;
    const turn = this.#last
      .then(() => this.#whole(contextId, command, dataSet))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #whole(contextId: number, command: Command, dataSet: DataSetSource | undefined): Promise<void> {
    const head = commandPdus(contextId, command, this.#peerMaxPdu);
    if (dataSet === undefined) return this.#write(head);
    try {
      for await (const bytes of dataSetPdus(contextId, dataSet, this.#peerMaxPdu, head)) await this.#write(bytes);
    } catch (thrown) {
      this.#options.broken(thrown);
      throw thrown;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { socket, upperLayer, over } = this.#options;
    if (!upperLayer.wish({ evt: "Evt9", bytes }))
      throw over() ?? new Fault("peer.silent", "the association is not open");
    if (!socket.writableNeedDrain) return;
    this.#drain ??= Promise.withResolvers<void>();
    await this.#drain.promise;
    const because = over();
    if (because !== undefined) throw because;
  }
}
