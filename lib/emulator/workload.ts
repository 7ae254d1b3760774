// A real workload as Marathon apps: the snapshot of a Titus-on-Mesos cluster (data/README.md). Tasks of one bucket and
// one shape become one app with as many instances.

/** A definition that Marathon takes as it is. */
export type WorkloadApp = {
  readonly id: string;
  readonly instances: number;
  readonly cpus: number;
  /** MiB, as Marathon counts. */
  readonly mem: number;
  readonly disk: number;
  readonly portDefinitions: readonly never[];
  readonly labels: Readonly<Record<string, string>>;
};

/**
 * The apps of a workload file, in the order of their ids; the numbers of instances add up to the tasks in the file.
 * Columns: task_id, bucket, cpu_milli, mem_mib, net_mbps, disk_mib, host_index; others are passed over.
 * @throws Error that names the line which cannot be read.
 */
export const workloadApps = (csv: string): readonly WorkloadApp[] => {
  const [header = '', ...lines] = csv.split(/\r?\n/).filter((line) => line.trim() !== '');
  const columns = header.split(',');
  const groups = new Map<string, { readonly row: Row; count: number }>();
  lines.forEach((line, index) => {
    const row = rowOf(columns, line, index + 2);
    const key = [row.bucket, row.cpuMilli, row.memMib, row.diskMib].join('/');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { row, count: 1 });
    else group.count += 1;
  });
  return [...groups.values()]
    .map(({ row, count }) => appOf(row, count))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
};

type Row = {
  readonly bucket: string;
  readonly cpuMilli: number;
  readonly memMib: number;
  readonly diskMib: number;
};

const rowOf = (columns: readonly string[], line: string, number: number): Row => {
  const cells = line.split(',');
  const text = (name: string): string => cells[columns.indexOf(name)] ?? '';
  const amount = (name: string): number => {
    const value = Number(text(name));
    if (text(name) !== '' && Number.isFinite(value) && value >= 0) return value;
    throw new Error(`Line ${number} of the workload has no amount in the column ${name}: ${line}`);
  };
  const bucket = text('bucket');
  if (bucket === '') throw new Error(`Line ${number} of the workload has no bucket: ${line}`);
  return { bucket, cpuMilli: amount('cpu_milli'), memMib: amount('mem_mib'), diskMib: amount('disk_mib') };
};

const appOf = (row: Row, instances: number): WorkloadApp => {
  const bucket = row.bucket.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return {
    id: `/titus/${bucket}/c${row.cpuMilli}-m${row.memMib}-d${row.diskMib}`,
    instances,
    cpus: row.cpuMilli / 1000,
    mem: row.memMib,
    disk: row.diskMib,
    portDefinitions: [],
    labels: { bucket: row.bucket },
  };
};
