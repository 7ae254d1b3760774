import { createDynamoStore } from '../../lib/dynamodb/dynamo-store';
import { storeContract } from '../contract/store';
import { CREDENTIALS, openLocalTable } from './local-table';

storeContract(
  'The DynamoDB store',
  async () => {
    const table = await openLocalTable();
    const store = createDynamoStore({ ...table, region: 'us-east-1', credentials: CREDENTIALS });
    return {
      store,
      close: async () => {
        await store.close();
        await table.close();
      },
    };
  },
  25,
);
