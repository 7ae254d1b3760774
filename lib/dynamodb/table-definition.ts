// What the table must look like. Read by the store and by whoever creates the table; imports nothing.

/** One table for a deployment. On demand, point-in-time recovery on; the function's role needs exactly these actions
 *  on it, and no Scan: leading-key conditions do not bind a scan. */
export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Epoch seconds. The deletion may lag by days, so readers judge expiry themselves. */
  timeToLive: 'expiresAt',
  actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
} as const;
