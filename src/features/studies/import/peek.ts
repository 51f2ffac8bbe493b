/** The first bytes of a stream, at most `wanted`, and the stream from its beginning. Call `close` when the rest is not read. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  wanted: number,
): Promise<{ head: Buffer; bytes: AsyncIterable<Uint8Array>; close: () => Promise<void> }> {
  const iterator = source[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  while (length < wanted && !ended) {
    const next = await iterator.next();
    if (next.done) ended = true;
    else {
      held.push(next.value);
      length += next.value.length;
    }
  }
  const close = async (): Promise<void> => {
    if (!ended) await iterator.return?.();
    ended = true;
  };
  return { head: Buffer.concat(held).subarray(0, wanted), bytes: whole(iterator, held, () => ended, close), close };
}

async function* whole(
  iterator: AsyncIterator<Uint8Array>,
  held: Uint8Array[],
  ended: () => boolean,
  close: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let piece = held.shift(); piece !== undefined; piece = held.shift()) yield piece;
    while (!ended()) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await close();
  }
}
