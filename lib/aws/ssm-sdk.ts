// The one command of SSM that we use; see ec2-sdk.ts for why it has a file.
export { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
