// Files and commands as one #cloud-config document: the only form that every cloud-init's schema check accepts.
import { stringify } from 'yaml';

export type BootFile = {
  readonly path: string;
  /** As chmod takes it: `0644`. */
  readonly mode: string;
  readonly content: string;
  /** `gz+b64` when `content` is gzip in base64. */
  readonly encoding?: 'gz+b64';
};

/** No package is updated at boot: an image that is not yet known good would be changed by whoever boots first. Written
 *  as YAML 1.1, which is what cloud-init reads. */
export const cloudConfig = (files: readonly BootFile[], commands: readonly (readonly string[])[]): string => {
  const document = {
    package_update: false,
    package_upgrade: false,
    package_reboot_if_required: false,
    write_files: files.map(({ path, mode, content, encoding }) => ({
      path,
      owner: 'root:root',
      permissions: mode,
      ...(encoding === undefined ? {} : { encoding }),
      content,
    })),
    runcmd: commands,
  };
  return `#cloud-config\n${stringify(document, { lineWidth: 0, version: '1.1' })}`;
};
