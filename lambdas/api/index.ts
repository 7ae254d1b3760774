// Function URL (IAM) → status, plan, history, pause and resume.
import middy from '@middy/core';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { apiRoutes } from '../../lib/doors/api';
import { watched } from '../../lib/doors/door';
import { apiParts } from '../../lib/wiring/engine';
import { outsideOf, watchedBy } from '../../lib/wiring/functions';

const around = watchedBy('api');
const outside = outsideOf(around, new URL('./deployment.json', import.meta.url));

let parts: Promise<ReturnType<typeof apiParts>> | undefined;
const answer = handle(apiRoutes(() => (parts ??= outside().then(apiParts))));

export const handler = middy<LambdaEvent>()
  .use(watched(around))
  .handler((event) => answer(event));
