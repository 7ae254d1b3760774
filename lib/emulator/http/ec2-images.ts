// Machine images. The emulated cloud launches from any image id, so each that is asked for by a well-formed id exists,
// with one root disk; the world has no other images to list.
import { AwsFailure } from '../aws-failure';

const ROOT_DEVICE = '/dev/xvda';
const ROOT_GIB = 8;

/** DescribeImages. Throws AwsFailure InvalidAMIID.Malformed for what is no image id. */
export const describeImages = (input: { readonly ImageIds?: readonly string[] }): object => ({
  Images: (input.ImageIds ?? []).map((ImageId) => {
    if (!/^ami-[0-9a-z-]+$/.test(ImageId))
      throw new AwsFailure('InvalidAMIID.Malformed', `Invalid id: "${ImageId}" (expecting "ami-...")`);
    return {
      ImageId,
      State: 'available',
      Architecture: 'x86_64',
      ImageType: 'machine',
      RootDeviceName: ROOT_DEVICE,
      RootDeviceType: 'ebs',
      VirtualizationType: 'hvm',
      BlockDeviceMappings: [
        {
          DeviceName: ROOT_DEVICE,
          Ebs: { VolumeSize: ROOT_GIB, VolumeType: 'gp3', DeleteOnTermination: true },
        },
      ],
    };
  }),
});
