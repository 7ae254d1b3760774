// The control plane: two queues, five functions, one table, rules, a tick, few alarms. No server, no NAT gateway.
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code, FunctionUrlAuthType, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Spec } from '../core/model/spec';
import { TABLE } from '../dynamodb/table-definition';
import { acknowledge } from './acknowledged';
import { Alarms } from './alarms';
import { EventSources } from './events';
import { feed, LEASE_SECONDS, makeFunction, TIMEOUTS } from './functions';
import { fleetStatements, readFleet, readParameters, turnReferences } from './permissions';
import type { DeploymentOptions } from './options';
import { Pools } from './pools';
import { MessageQueue } from './queue';
import { makeReach } from './reach';
import { WebhookApi } from './webhook-api';

export type ControlPlaneProps = StackProps & {
  readonly specs: readonly Spec[];
  /** Folder of the bundled functions. */
  readonly asset: string;
  readonly options: DeploymentOptions;
};

/** A function's environment holds 4 KB in all; this leaves room for the rest. */
const MOST_TEMPLATE_BYTES = 3000;

export class ControlPlaneStack extends Stack {
  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id, props);
    const { specs, options } = props;
    const table = makeTable(this);
    const events = new MessageQueue(this, 'Events', Duration.seconds(TIMEOUTS.ingest));
    const wake = new MessageQueue(this, 'Wakes', Duration.seconds(TIMEOUTS.reconcile));
    const pools = specs.map((spec) => ({
      spec,
      made: new Pools(this, `Pools-${spec.cluster}`, { spec, options }),
    }));
    const build = { asset: Code.fromAsset(props.asset), concurrency: options.concurrency };
    const reach = makeReach(this, build, specs);
    const environment = {
      MUSTER_TABLE: table.tableName,
      MUSTER_EVENTS_QUEUE: events.queue.queueUrl,
      MUSTER_WAKE_QUEUE: wake.queue.queueUrl,
      MUSTER_LEASE_SECONDS: String(LEASE_SECONDS),
      ...(reach === undefined ? {} : { MUSTER_REACH_FUNCTION: reach.functionName }),
    };
    const turning = { ...environment, MUSTER_TEMPLATES: templatesText(this, pools) };
    const ingest = makeFunction(this, 'ingest', build, { environment });
    const reconcile = makeFunction(this, 'reconcile', build, { environment: turning });
    const webhook = makeFunction(this, 'webhook', build, { environment });
    const api = makeFunction(this, 'api', build, { environment: turning });
    feed(ingest, events);
    feed(reconcile, wake);
    for (const [reader, actions] of [
      [ingest, ['PutItem', 'UpdateItem']],
      [reconcile, TABLE.actions],
      [webhook, ['GetItem', 'PutItem']],
      [api, ['GetItem', 'Query']],
    ] as const)
      reader.addToRolePolicy(onTable(table, actions));
    for (const fn of [ingest, reconcile]) wake.queue.grantSendMessages(fn);
    for (const fn of [webhook, api]) events.queue.grantSendMessages(fn);
    const { securityGroups } = options;
    grantTurns({ stack: this, reconcile, api, webhook, reach, pools, securityGroups });
    new EventSources(this, 'Sources', events);
    new Alarms(this, 'Alarms', { events, wake, reconcile, topic: options.alarmTopic });
    const hooks = new WebhookApi(this, 'Webhooks', webhook);
    const url = api.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
    new CfnOutput(this, 'WebhookUrl', { value: `${hooks.api.apiEndpoint}/hooks/` });
    new CfnOutput(this, 'ApiUrl', { value: url.url });
    for (const [name, { deadLetters }] of Object.entries({ Event: events, Wake: wake }))
      new CfnOutput(this, `${name}DeadLetters`, { value: deadLetters.queueUrl });
    acknowledge(this, { specs, securityGroups });
  }
}

const onTable = (table: TableV2, actions: readonly (typeof TABLE.actions)[number][]): PolicyStatement =>
  new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [table.tableArn],
  });

type MadePools = readonly { readonly spec: Spec; readonly made: Pools }[];

const makeTable = (scope: Construct): TableV2 =>
  new TableV2(scope, 'Table', {
    partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
    sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
    timeToLiveAttribute: TABLE.timeToLive,
    billing: Billing.onDemand(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });

const templatesText = (stack: Stack, pools: MadePools): string => {
  const templates = Object.fromEntries(pools.map(({ spec, made }) => [spec.cluster, made.templates]));
  const bytes = Buffer.byteLength(JSON.stringify(templates));
  if (bytes <= MOST_TEMPLATE_BYTES) return stack.toJsonString(templates);
  const names = pools.flatMap(({ spec, made }) =>
    Object.keys(made.templates).map((pool) => `${spec.cluster}/${pool}`),
  );
  throw new Error(
    `The launch templates of ${names.length} pools need ${bytes} bytes of a function's environment, which has room for ${MOST_TEMPLATE_BYTES}: ${names.join(', ')}. Deploy fewer clusters together, each deployment with its own -c stack=NAME, or use fewer pools.`,
  );
};

type Turning = {
  readonly stack: Stack;
  readonly reconcile: LambdaFunction;
  readonly api: LambdaFunction;
  readonly webhook: LambdaFunction;
  readonly reach: LambdaFunction | undefined;
  readonly pools: MadePools;
  readonly securityGroups: readonly string[];
};

const grantTurns = ({ stack, reconcile, api, webhook, reach, pools, securityGroups }: Turning): void => {
  for (const { spec, made } of pools) {
    const fleet = { spec, passRoles: [made.role.roleArn], securityGroups };
    for (const statement of fleetStatements(stack, fleet)) {
      // One statement id a policy: several clusters share the function.
      const sid = `${statement.sid ?? ''}${pools.length > 1 ? spec.cluster.replace(/[^A-Za-z0-9]/g, '') : ''}`;
      reconcile.addToRolePolicy(PolicyStatement.fromJson({ ...statement.toStatementJson(), Sid: sid }));
    }
  }
  const asked = pools.flatMap(({ spec }) => turnReferences(spec));
  for (const fn of [reconcile, api]) {
    fn.addToRolePolicy(readFleet(stack));
    for (const statement of readParameters(stack, asked)) fn.addToRolePolicy(statement);
    if (reach !== undefined)
      fn.addToRolePolicy(
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [reach.functionArn] }),
      );
  }
  const secrets = pools.flatMap(({ spec }) => spec.webhooks.map(({ secret }) => secret));
  for (const statement of readParameters(stack, secrets)) webhook.addToRolePolicy(statement);
};
