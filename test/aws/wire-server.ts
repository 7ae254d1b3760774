// A loopback HTTP server that plays one AWS service, so that the real SDK client is what is tested.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type Received = {
  /** `CreateFleet`, from the form of EC2 or from the target header of SSM. */
  readonly action: string;
  /** EC2: the form, decoded. */
  readonly form: Readonly<Record<string, string>>;
  readonly body: string;
};
/** An answer, or what a broken far end does: never answers, hangs up, or stops half way through the body. */
export type Reply =
  | { readonly status?: number; readonly body: string }
  | { readonly broken: 'silent' | 'hangs-up' | 'half' | 'stalls' };

export type WireServer = {
  readonly endpoint: string;
  readonly received: readonly Received[];
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
};

export const wireServer = async (answer: (request: Received) => Reply): Promise<WireServer> => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const form = Object.fromEntries(new URLSearchParams(body));
      const target = String(request.headers['x-amz-target'] ?? '');
      const entry = { action: form['Action'] ?? target.split('.')[1] ?? '', form, body };
      received.push(entry);
      send(answer(entry), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  await once(request, 'end');
  return body;
};

const send = (reply: Reply, response: ServerResponse): void => {
  if (!('broken' in reply)) {
    response.writeHead(reply.status ?? 200, { 'content-type': 'text/xml' }).end(reply.body);
    return;
  }
  if (reply.broken === 'hangs-up') response.destroy();
  if (reply.broken === 'half' || reply.broken === 'stalls') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('<CreateFleetResponse><fleetId>fl', () => {
      if (reply.broken === 'half') response.destroy();
    });
  }
};

/** An error in EC2's own form. */
export const ec2Error = (code: string, message = `${code} it is`, status = 400): Reply => ({
  status,
  body: `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
});

export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
