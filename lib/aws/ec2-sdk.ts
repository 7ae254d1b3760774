// The commands of EC2 that we use, and no more. It is imported on first use (`await import('./ec2-sdk')`): naming them
// here lets the bundler drop the other six hundred, which it cannot do behind a dynamic import of the whole package.
export {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
