// Function URL (IAM) → status, plan, history, pause and resume.
import middy from '@middy/core';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { apiRoutes } from '../../lib/doors/api';
import { watched } from '../../lib/doors/door';
import { apiParts } from '../../lib/wiring/engine';
import { once, watchedBy } from '../../lib/wiring/functions';
import { outsideOf } from '../../lib/wiring/turning';

const around = watchedBy('api');
const parts = once(async () =>
  apiParts(await outsideOf(around, new URL('./deployment.json', import.meta.url))),
);
const answer = handle(apiRoutes(parts));

export const handler = middy<LambdaEvent>()
  .use(watched(around))
  .handler((event) => answer(event));
