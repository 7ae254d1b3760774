// Mesos' own JSON form of its messages (mesos-observed 27-34, emulator-checklist A5): 64-bit numbers are written as
// JSON numbers to the digit, and read exactly from numbers and from text.

const MARK = '\u0000int64:';

/** JSON text; a bigint becomes a number, whatever its size. */
export const writeJson = (value: object): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? `${MARK}${member}` : member,
  ).replace(/"\\u0000int64:(-?\d+)"/g, '$1');

/**
 * Reads JSON without losing digits: whole numbers too long for a double come as text, which Mesos takes for a number
 * as well. Throws SyntaxError.
 */
export const readJson = (text: string): unknown =>
  JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    ),
  );

/** An instant as Mesos' TimeInfo. */
export const timeInfo = (ms: number): { readonly nanoseconds: bigint } => ({
  nanoseconds: BigInt(Math.round(ms)) * 1_000_000n,
});
