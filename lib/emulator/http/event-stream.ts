// Server-sent events as Marathon's servlet writes them: lines end in CR LF, no ids, and a bare CR LF keeps the
// connection alive (semantics §2.8).

export const KEEP_ALIVE = '\r\n';

export const sseEvent = (type: string, data: string): string =>
  `event: ${type}\r\n${data
    .split('\n')
    .map((line) => `data: ${line}\r\n`)
    .join('')}\r\n`;
