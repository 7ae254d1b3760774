// docs/cli.md from the verbs' own help. `npx tsx test/cli/write-docs.ts` writes it again.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { VERBS } from '../../lib/cli/main';
import { helpOf, type Verb } from '../../lib/cli/verb';

export const CLI_PAGE = new URL('../../docs/cli.md', import.meta.url);

const HEAD = `# The command line

What each verb says of itself with \`--help\`; this page is made from that by \`npx tsx test/cli/write-docs.ts\`, and a test holds it to it. In a clone each is \`npm run muster -- <verb>\`.

Common to all: answers go to standard output and what is wrong to standard error; 0 is done, 64 is wrong usage (an unknown verb or option, a missing operand), 1 is any other failure. Answers of \`--json\` are one document, but for \`serve\`, which writes one for each line. What errors mean: [errors.md](errors.md).

| verb | |
|---|---|
${VERBS.map(({ name, summary }) => `| [${name}](#muster-${name}) | ${summary} |`).join('\n')}
`;

/** What the help of a verb has no room for. */
const MORE: Readonly<Record<string, string>> = {
  plan: 'What could not be read is unknown, not empty. Exit code 3 says that the plan may change once it is known: run it where the cloud, the masters and Marathon can be reached before acting on it. `muster plan muster.yaml --input > seen.json` keeps what was seen; `muster plan --world seen.json` makes the same plan of it, to the byte, anywhere.',
  intake:
    'JSON: `[{file, source, signals: [{kind, subject, urgency, expiresAt?}], ignored?}]`; a payload that was not understood has `malformed` with the reason. An alert counts as sent by the only webhook of its kind in the file of `--config`, unless `--webhook` names one.',
  size: 'JSON: `{schemaVersion, pricePerHour, lowerBound, boundKind, ratio, seconds, machines: [{type, count, usdPerHour}], unplaced: [{task, reason}]}`. Prices are those of the catalogue, on demand.',
  simulate:
    'JSON: `{schemaVersion, config, cost, bound, ratio, workBound, waitP50, waitP99, waitMax, moves, lost, neverRan, tooLarge, tasks, finished, machines, taken, hours, turns}`, money in US dollars and waits in seconds; with `--compare` also `compare` with the same figures and `difference`. What each means and what was measured: [what-if.md](what-if.md).',
  serve:
    'It takes the directory of its state for itself; a second process with the same one is refused. Killed at any moment, it goes on where it was and buys nothing twice. When the disk is full, a webhook is answered with 500 and not taken, and all goes on once there is room. What goes wrong is said, the same thing every ten minutes at most. AWS credentials are found as every AWS SDK finds them. `muster world` and `serve --aws-endpoint` try it all without AWS.',
  world:
    'Marathon takes apps at the address that is printed: `curl -X POST <marathon>/v2/apps -d \'{"id": "/a", "cmd": "sleep 1", "cpus": 1, "mem": 128, "instances": 3}\' -H content-type:application/json`.',
};

const section = (verb: Verb): string =>
  [
    `## muster ${verb.name}`,
    '',
    '```',
    helpOf(verb).trimEnd(),
    '```',
    ...(MORE[verb.name] === undefined ? [] : ['', MORE[verb.name]]),
    '',
  ].join('\n');

export const cliPage = (): string => [HEAD, ...VERBS.map(section)].join('\n');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(CLI_PAGE, cliPage());
