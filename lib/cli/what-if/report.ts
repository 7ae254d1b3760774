// The page of a replay: charts and figures in one file that asks for nothing else, in light and in dark.
import { barChart, escaped, lineChart, type Series, stackedChart } from './chart';
import { type Told, waitsOf } from './figures';
import { boundSeries, costOf, machinesByShape, waitBars, waitingOf } from './series';
import { tableOf } from './table';

type Named = { readonly file: string; readonly told: Told };

/** Colours that are told apart in light and dark; more shapes than that share the last. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#2a78d6', '#3987e5'],
  ['#eb6834', '#d95926'],
  ['#1baf7a', '#199e70'],
  ['#4a3aa7', '#9085e9'],
  ['#eda100', '#c98500'],
  ['#e87ba4', '#d55181'],
  ['#008300', '#00a300'],
  ['#767676', '#9a9a9a'],
];

/** HTML of one replay, or of two on the same demand. */
export const reportPage = (all: readonly Named[]): string => {
  const [one, other] = all;
  if (one === undefined) return '';
  const { hours } = one.told.figures;
  const column = ({ file, told }: Named) => ({ file, figures: told.figures });
  const table = tableOf(column(one), other === undefined ? undefined : column(other));
  const parts = [
    panel(
      'Cost an hour, US dollars',
      'The dashed line is the least that a plan pays which makes no task wait.',
      [lineChart('Cost an hour over time against the bound', hours, all.flatMap(costLines))],
    ),
    panel(
      'Machines by shape',
      'From launch to termination.',
      all.flatMap((named) => machineCharts(named, all)),
    ),
    panel('Tasks that wait', 'Tasks that want to run and do not, those included that no shape holds.', [
      lineChart(
        'Waiting tasks over time',
        hours,
        all.map(({ file, told }, nth) => ({ name: file, values: waitingOf(told.replay), colour: nth + 1 })),
      ),
    ]),
    panel('How long tasks waited', 'Seconds from arrival to running.', [waitChart(all)]),
  ];
  return `${HEAD}<h1>muster simulate</h1>\n<pre>${escaped(table)}</pre>\n${parts.join('\n')}\n</main></body></html>\n`;
};

const panel = (title: string, note: string, charts: readonly string[]): string =>
  `<section><h2>${escaped(title)}</h2><p>${escaped(note)}</p>\n${charts.join('\n')}\n</section>`;

const costLines = ({ file, told }: Named, nth: number): readonly Series[] => [
  { name: `${file}: cost`, values: costOf(told.replay), colour: nth + 1 },
  { name: `${file}: bound`, values: boundSeries(told.steps, told.replay), colour: nth + 1, isDashed: true },
];

const machineCharts = ({ file, told }: Named, all: readonly Named[]): readonly string[] => {
  const highest = Math.max(...all.map((named) => peakOf(shapesOf(named))));
  const series = shapesOf({ file, told });
  const title = all.length > 1 ? `<h3>${escaped(file)}</h3>` : '';
  return [
    `${title}${stackedChart(`Machines by shape over time, ${file}`, told.figures.hours, series, highest)}`,
  ];
};

const shapesOf = ({ told }: Named): readonly Series[] =>
  machinesByShape(told.replay, COLOURS.length).map((row, nth) => ({ ...row, colour: nth + 1 }));

const peakOf = (series: readonly Series[]): number =>
  Math.max(
    0,
    ...(series[0]?.values ?? []).map((_value, nth) =>
      series.reduce((sum, { values }) => sum + (values[nth] ?? 0), 0),
    ),
  );

const waitChart = (all: readonly Named[]): string => {
  const groups = all.map(({ file, told }, nth) => ({
    name: file,
    colour: nth + 1,
    bars: waitBars(waitsOf(told.replay)),
  }));
  return barChart(
    'Number of tasks by wait',
    groups[0]?.bars.map(({ name }) => name) ?? [],
    groups.map(({ name, colour, bars }) => ({ name, colour, counts: bars.map(({ count }) => count) })),
  );
};

const variables = (dark: 0 | 1): string =>
  COLOURS.map((pair, nth) => `--c${nth + 1}:${pair[dark]}`).join(';');
const rules = COLOURS.map(
  (_pair, nth) =>
    `.c${nth + 1}{stroke:var(--c${nth + 1})}.f${nth + 1}{fill:var(--c${nth + 1})}.b${nth + 1}{background:var(--c${nth + 1})}.k${nth + 1}{border-color:var(--c${nth + 1})}`,
).join('\n');

const HEAD = `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>muster simulate</title>
<style>
:root{color-scheme:light dark;--page:#ffffff;--ink:#1d1d1b;--soft:#5f5f5c;--rule:#e3e3df;${variables(0)}}
@media (prefers-color-scheme:dark){:root{--page:#191918;--ink:#ececea;--soft:#a6a6a2;--rule:#383836;${variables(1)}}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 16px}
h1{font-size:22px}h2{font-size:17px;margin:32px 0 0}h3{font-size:14px;margin:12px 0 0}
p{margin:0 0 8px;color:var(--soft)}pre{overflow-x:auto;font-size:13px}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:11px}
.grid{stroke:var(--rule)}.line{fill:none;stroke-width:1.6;stroke-linejoin:round}.dashed{stroke-dasharray:5 3}
.area{stroke:var(--page);stroke-width:.6}
.legend{list-style:none;margin:4px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px}
.legend .key-dashed{height:0;border-style:dashed none none;border-width:2px;border-radius:0;width:16px;vertical-align:4px}
${rules}
</style></head><body><main>
`;
