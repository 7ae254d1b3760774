// What Lambda hands to the doors.
import type { APIGatewayProxyEventV2, Context, SQSEvent, SQSRecord } from 'aws-lambda';

export type Message = {
  readonly id: string;
  readonly body: string;
  readonly sentAt?: number;
  readonly receives?: number;
};

export const sqsEvent = (messages: readonly Message[]): SQSEvent => ({ Records: messages.map(sqsRecord) });

const sqsRecord = ({ id, body, sentAt = 0, receives = 1 }: Message): SQSRecord => ({
  messageId: id,
  receiptHandle: id,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: String(sentAt),
    SenderId: 'sender',
    ApproximateFirstReceiveTimestamp: String(sentAt),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:queue',
  awsRegion: 'us-east-1',
});

export const httpEvent = (
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyEventV2 => ({
  version: '2.0',
  routeKey: 'POST /hooks/{name}',
  rawPath: path,
  rawQueryString: '',
  headers: { ...headers },
  body,
  isBase64Encoded: false,
  requestContext: {
    accountId: '123456789012',
    apiId: 'api',
    domainName: 'api.example.com',
    domainPrefix: 'api',
    http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    requestId: 'request',
    routeKey: 'POST /hooks/{name}',
    stage: '$default',
    time: '',
    timeEpoch: 0,
  },
});

export const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'door',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:door',
  memoryLimitInMB: '1024',
  awsRequestId: 'request',
  logGroupName: '/aws/lambda/door',
  logStreamName: 'stream',
  getRemainingTimeInMillis: () => 60_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};
