// A process to be killed: writes increments and prints each number once it is acknowledged.
import { writeSync } from 'node:fs';
import { openFileStore } from '../../lib/embedded/file-store';

const [directory = '', lanes = '1'] = process.argv.slice(2);
const store = await openFileStore({
  directory,
  // Small, so that the kill falls into compactions too.
  compactAboveBytes: 2000,
  onWarning: (text) => writeSync(1, `warning ${text}\n`),
});
writeSync(1, 'open\n');

const count = async (lane: string): Promise<never> => {
  for (;;) {
    const item = await store.update(
      { pk: 'kill', sk: lane },
      { add: { n: 1 }, set: { text: 'x'.repeat(40) } },
    );
    writeSync(1, `${lane} ${Number(item['n'])}\n`);
  }
};
await Promise.all(Array.from({ length: Number(lanes) }, (_, lane) => count(`lane${lane}`)));
