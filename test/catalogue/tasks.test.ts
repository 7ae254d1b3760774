import { describe, expect, test } from '@jest/globals';
import { formatCsvFault } from '../../lib/catalogue/csv';
import { parseTasksCsv } from '../../lib/catalogue/tasks';

const faultsOf = (text: string) => {
  const parsed = parseTasksCsv(text, 'tasks.csv');
  return 'faults' in parsed ? parsed.faults.map(formatCsvFault) : [];
};

describe('a list of tasks', () => {
  test('needs cpu and memory, and ignores columns that it does not know', () => {
    expect(parseTasksCsv('mem_mib,colour,cpu_milli\n1024.5,red,250.2\n', 'tasks.csv')).toEqual({
      tasks: [{ taskId: 'line-2', cpuMilli: 251, memMib: 1025, count: 1 }],
    });
  });

  test('may name id, count, app and a limit per host, each of which may be left empty', () => {
    const text = 'task_id,cpu_milli,mem_mib,count,app,max_per_host\na,100,64,3,/web,1\n"b,c",100,64,,,\n';
    expect(parseTasksCsv(text, 'tasks.csv')).toEqual({
      tasks: [
        { taskId: 'a', cpuMilli: 100, memMib: 64, count: 3, app: '/web', maxPerHost: 1 },
        { taskId: 'b,c', cpuMilli: 100, memMib: 64, count: 1 },
      ],
    });
  });

  test('has all its faults named at once, in order', () => {
    const text = 'task_id,cpu_milli,mem_mib,count\na,-1,64,1\nb,100,,1.5\na,100,64,1\n';
    expect(faultsOf(text)).toEqual([
      'tasks.csv:2: cpu_milli: "-1" is not a number of at least 0.',
      'tasks.csv:3: mem_mib: "" is not a number of at least 0.',
      'tasks.csv:3: count: 1.5 is not a whole number.',
      'tasks.csv:4: task_id: a is listed twice.',
    ]);
  });

  test('that is empty is a fault', () => {
    expect(faultsOf('')).toEqual([
      'tasks.csv:1: the file is empty; its first line must name cpu_milli, mem_mib.',
    ]);
    expect(faultsOf('cpu_milli,mem_mib\n')).toEqual(['tasks.csv:1: the file names columns but no task.']);
  });
});
