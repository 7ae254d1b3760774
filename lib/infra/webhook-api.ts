// The webhooks' front door: an HTTP API with a throttle and access logs. Senders cannot sign requests for AWS, so the
// function itself checks each source's secret.
import { RemovalPolicy } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

const RATE_PER_SECOND = 10;
const BURST = 20;

export class WebhookApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, handler: IFunction) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', { createDefaultStage: false, description: 'Webhooks of Muster' });
    this.api.addRoutes({
      path: '/hooks/{name}',
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('Webhook', handler),
    });
    const logGroup = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: RATE_PER_SECOND, burstLimit: BURST },
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup) },
    });
  }
}
