// Charts as SVG, drawn with colours that the page names, so that one drawing serves light and dark.
const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 56;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;
const INNER = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };

export type Series = {
  readonly name: string;
  readonly values: readonly number[];
  /** Number of the page's colour, from 1. */
  readonly colour: number;
  readonly isDashed?: boolean;
};

/** Lines over time. `hours` is the length of the window. */
export const lineChart = (label: string, hours: number, series: readonly Series[]): string => {
  const top = roundTop(Math.max(0, ...series.flatMap(({ values }) => values)));
  const lines = series.map(
    ({ name, values, colour, isDashed }) =>
      `<polyline class="line c${colour}${isDashed === true ? ' dashed' : ''}" points="${pointsOf(values, top)}"><title>${escaped(name)}</title></polyline>`,
  );
  return framed(label, [gridOf(top), timeAxis(hours), ...lines], series);
};

/** Areas over time, one on the other. */
export const stackedChart = (
  label: string,
  hours: number,
  series: readonly Series[],
  highest: number,
): string => {
  const top = roundTop(highest);
  let below: readonly number[] = (series[0]?.values ?? []).map(() => 0);
  const areas = series.map(({ name, values, colour }) => {
    const base = below;
    const above = values.map((value, nth) => value + (base[nth] ?? 0));
    below = above;
    const back = pointsOf(base, top).split(' ').reverse().join(' ');
    return `<polygon class="area f${colour}" points="${pointsOf(above, top)} ${back}"><title>${escaped(name)}</title></polygon>`;
  });
  return framed(label, [gridOf(top), timeAxis(hours), ...areas], series);
};

export type Bars = { readonly name: string; readonly colour: number; readonly counts: readonly number[] };

/** Groups of bars side by side, one group for each of `names`. */
export const barChart = (label: string, names: readonly string[], groups: readonly Bars[]): string => {
  const top = roundTop(Math.max(0, ...groups.flatMap(({ counts }) => counts)));
  const slot = INNER.width / names.length;
  const width = (slot - 8) / groups.length;
  const bars = groups.flatMap(({ name, colour, counts }, group) =>
    counts.map((count, nth) => {
      const height = (INNER.height * count) / top;
      const x = LEFT + nth * slot + 4 + group * width;
      const title = `${name}, ${names[nth] ?? ''} s: ${count}`;
      return `<rect class="f${colour}" x="${short(x)}" y="${short(TOP + INNER.height - height)}" width="${short(Math.max(1, width - 2))}" height="${short(height)}"><title>${escaped(title)}</title></rect>`;
    }),
  );
  const labels = names.map((name, nth) => textAt(LEFT + (nth + 0.5) * slot, HEIGHT - 10, name, 'middle'));
  return framed(label, [gridOf(top), ...bars, ...labels], groups);
};

const framed = (
  label: string,
  parts: readonly string[],
  legend: readonly { readonly name: string; readonly colour: number; readonly isDashed?: boolean }[],
): string => {
  const keys = legend.map(
    ({ name, colour, isDashed }) =>
      `<li><i class="${isDashed === true ? `key-dashed k${colour}` : `b${colour}`}"></i>${escaped(name)}</li>`,
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">${parts.join('')}</svg>`,
    `<ul class="legend">${keys.join('')}</ul>`,
  ].join('\n');
};

const pointsOf = (values: readonly number[], top: number): string =>
  values
    .map((value, nth) => {
      const x = LEFT + (INNER.width * nth) / Math.max(1, values.length - 1);
      return `${short(x)},${short(TOP + INNER.height * (1 - value / top))}`;
    })
    .join(' ');

const LINES = 4;

const gridOf = (top: number): string =>
  Array.from({ length: LINES + 1 }, (_, nth) => {
    const y = short(TOP + INNER.height * (1 - nth / LINES));
    const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
    return `${line}${textAt(LEFT - 8, Number(y) + 4, plain((top * nth) / LINES), 'end')}`;
  }).join('');

/** Marks at whole days, or at whole hours where there are few. */
const timeAxis = (hours: number): string => {
  const steps = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720];
  const step = steps.find((one) => hours / one <= 12) ?? Math.ceil(hours / 12);
  return Array.from({ length: Math.floor(hours / step) + 1 }, (_, nth) => {
    const hour = nth * step;
    const text = step % 24 === 0 ? `day ${hour / 24}` : `${hour} h`;
    return textAt(LEFT + (INNER.width * hour) / hours, HEIGHT - 10, text, 'middle');
  }).join('');
};

const textAt = (x: number, y: number, text: string, anchor: string): string =>
  `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;

/** A round number that is not below, and little above; at least a tenth. */
const roundTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)));
  const factor = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value) ?? 10;
  return factor * power;
};

const plain = (value: number): string => String(Math.round(value * 100) / 100);
const short = (value: number): string => String(Math.round(value * 10) / 10);

export const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
