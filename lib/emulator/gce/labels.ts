// Any short text as the value of a label, which may hold only a-z, 0-9, dashes and underscores, and back again.
import { Failure } from '../../engine/failure';

const MOST = 63;

/** What a label may not hold becomes `_` and two hexadecimal digits a byte, the underscore itself too.
 *  @throws Failure `permanent` when the value would be longer than 63 characters. */
export const labelOf = (text: string): string => {
  const value = [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[a-z0-9-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
  if (value.length <= MOST) return value;
  throw new Failure('permanent', `'${text}' is too long for a label on Google Cloud (${MOST} characters).`);
};

export const textOf = (value: string): string => {
  const bytes = value.replace(/_([0-9a-f]{2})/g, (_, digits: string) => `%${digits}`);
  try {
    return decodeURIComponent(bytes);
  } catch {
    return value;
  }
};
