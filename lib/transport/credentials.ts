// How a secret becomes an Authorization header. One text has three forms:
//   user:password      Basic (Mesos --credentials, Marathon --http_credentials)
//   bearer TOKEN       Bearer
//   token=TOKEN        the header DC/OS' Admin Router wants, `Authorization: token=TOKEN`
import { Failure } from '../engine/failure';
import type { Secrets } from '../engine/ports';

/** `setting` names the place in the configuration for the person who must correct it. Throws `permanent`; the
 *  message never shows the secret. */
export const authorizationOf = (secret: string, setting: string): string => {
  const value = secret.trim();
  if (/[^\t\x20-\x7e\x80-\uffff]/.test(value)) throw unreadable(setting);
  if (value.startsWith('token=')) return value;
  const bearer = /^bearer\s+(\S+)$/i.exec(value);
  if (bearer?.[1] !== undefined) return `Bearer ${bearer[1]}`;
  if (!/^[^:\s][^:]*:/.test(value)) throw unreadable(setting);
  return `Basic ${Buffer.from(value, 'utf8').toString('base64')}`;
};

const unreadable = (setting: string): Failure =>
  new Failure('permanent', `The secret that ${setting} names is in none of the forms that are understood.`, {
    code: 'bad-credentials',
    advice: 'Store it as "user:password", "bearer TOKEN" or "token=TOKEN", on one line.',
  });

export type Credentials = {
  /** The headers to send; resolved once, and anew after `forget`. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** After a 401: the secret may have been changed since. */
  forget(): void;
};

export const createCredentials = (options: {
  readonly auth?: string;
  readonly secrets: Secrets;
  readonly setting: string;
}): Credentials => {
  const { auth, secrets, setting } = options;
  let known: Readonly<Record<string, string>> | undefined = auth === undefined ? {} : undefined;
  return {
    headers: async () => {
      if (known !== undefined || auth === undefined) return known ?? {};
      const secret = await secrets.resolve(auth);
      known = { authorization: authorizationOf(secret, setting) };
      return known;
    },
    forget: () => {
      if (auth !== undefined) known = undefined;
    },
  };
};
