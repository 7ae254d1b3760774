// The reading end of RecordIO, for the tests of the writing end.

/**
 * Splits a stream of records whatever the chunks it comes in. Returns the records that are whole; the rest is kept
 * for the next chunk. Throws Error on a length that is not a decimal number.
 */
export const recordReader = (): ((chunk: Uint8Array) => readonly string[]) => {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const records: string[] = [];
    for (;;) {
      const newline = held.indexOf(0x0a);
      if (newline < 0) return records;
      const length = held.toString('latin1', 0, newline);
      if (!/^\d+$/.test(length)) throw new Error(`A record's length is not a decimal number: ${length}`);
      const end = newline + 1 + Number(length);
      if (held.length < end) return records;
      records.push(held.toString('utf8', newline + 1, end));
      held = held.subarray(end);
    }
  };
};
