// GET /v2/info: the settings that a client may want to know, as this world has them.
import type { MarathonState } from './state';

export const LEADER = 'marathon-1.emulated:8080';

const VERSIONS = { '1.5': '1.5.15', '1.8': '1.8.244', '1.10': '1.10.19', '1.11': '1.11.24' } as const;

export const infoOf = (state: MarathonState): Readonly<Record<string, unknown>> => {
  const { marathon } = state.base.settings;
  return {
    name: 'marathon',
    version: VERSIONS[state.version],
    elected: true,
    leader: LEADER,
    frameworkId: state.framework.id,
    marathon_config: {
      checkpoint: true,
      default_accepted_resource_roles: ['*'],
      features: [],
      mesos_role: marathon.role,
      min_revive_offers_interval: marathon.reviveIntervalMs,
      decline_offer_duration: marathon.declineMs,
      max_instances_per_offer: marathon.instancesPerOffer,
      launch_tokens: marathon.launchTokens,
      launch_token_refresh_interval: marathon.launchTokenRefreshMs,
      reconciliation_initial_delay: 15_000,
      reconciliation_interval: marathon.reconciliationMs,
      max_running_deployments: marathon.maxDeployments,
      scale_apps_interval: marathon.scaleCheckMs,
      task_launch_timeout: marathon.taskLaunchTimeoutMs,
    },
    zookeeper_config: {
      zk: 'zk://zk-1.emulated:2181/marathon',
      zk_session_timeout: 10_000,
      zk_timeout: 10_000,
    },
    http_config: { http_port: 8080, https_port: 8443 },
  };
};
