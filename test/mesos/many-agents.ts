// GET_AGENTS of a cluster of any size, in the form in which a real master wrote its agents.

/** The text of an answer with `count` registered agents, each with a task's resources allocated. */
export const manyAgents = (count: number): string => {
  const agents = Array.from({ length: count }, (_, index) => JSON.stringify(agent(index)));
  return `{"type":"GET_AGENTS","get_agents":{"agents":[${agents.join(',')}],"recovered_agents":[]}}`;
};

const scalar = (name: string, value: number, more = {}) => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  ...more,
});
const ports = (more = {}) => ({
  name: 'ports',
  type: 'RANGES',
  ranges: { range: [{ begin: 31_000, end: 32_000 }] },
  ...more,
});
const text = (name: string, value: string) => ({ name, type: 'TEXT', text: { value } });

const CAPABILITIES = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
].map((type) => ({ type }));

const agent = (index: number) => {
  const all = (more = {}) => [
    scalar('cpus', 16, more),
    scalar('mem', 62_464, more),
    scalar('disk', 95_000, more),
    ports(more),
  ];
  const ip = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  return {
    agent_info: {
      hostname: `ip-${ip.replaceAll('.', '-')}.ec2.internal`,
      port: 5051,
      resources: all(),
      attributes: [
        text('cloud', 'aws'),
        text('region', 'us-east-1'),
        text('zone', `us-east-1${'abc'.charAt(index % 3)}`),
        text('pool', 'web'),
        text('instance_id', `i-${index.toString(16).padStart(17, '0')}`),
        text('lifecycle', 'spot'),
      ],
      id: { value: `a3228e00-f4bd-4d9d-a8dd-98183afec384-S${index}` },
      checkpoint: true,
    },
    active: true,
    deactivated: false,
    version: '1.11.0',
    pid: `slave(1)@${ip}:5051`,
    registered_time: { nanoseconds: 1_795_344_650_766_312_960 },
    total_resources: all({ role: '*' }),
    allocated_resources: [
      scalar('cpus', 9.7, { role: '*', allocation_info: { role: '*' } }),
      scalar('mem', 41_000, { role: '*', allocation_info: { role: '*' } }),
    ],
    capabilities: CAPABILITIES,
  };
};
