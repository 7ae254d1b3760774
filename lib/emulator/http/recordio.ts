// Mesos' RecordIO: decimal length in bytes, a newline, the bytes, nothing after (mesos-observed 17).

/** One record of a stream. */
export const record = (message: string): string => `${Buffer.byteLength(message, 'utf8')}\n${message}`;
