// A plain page that shows what the terminal shows: figures, pools, what leaves, what is held back, demand, and the latest
// sentences. It asks for them once a second and puts them in as text, never as markup.
import type { Plan } from '../core/model/plan';

export type LiveView = {
  readonly now: number;
  readonly running: number;
  readonly lines: readonly string[];
  readonly plan?: Plan;
};

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
.figures div { border: 1px solid #8886; border-radius: .5rem; padding: .5rem 1rem; }
.figures b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #8884; }
td:first-child { white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; } #lost { color: #c00; }`;

const SCRIPT = `
const byId = (id) => document.getElementById(id);
const at = (ms) => new Date(ms).toISOString().slice(11, 19);
const usd = (n) => '$' + n.toFixed(2);
const cells = (row, values) => { for (const v of values) { const td = document.createElement('td'); td.textContent = v; if (typeof v === 'number') td.className = 'n'; row.append(td); } };
const fill = (id, rows) => byId(id).replaceChildren(...rows.map((values) => { const row = document.createElement('tr'); cells(row, values); return row; }));
const show = (view) => {
  byId('lost').textContent = '';
  byId('time').textContent = at(view.now);
  byId('running').textContent = view.running;
  byId('lines').textContent = view.lines.slice().reverse().join('\\n');
  const plan = view.plan; if (!plan) return;
  byId('cost').textContent = usd(plan.cost.nowUsdPerHour);
  byId('ready').textContent = plan.pools.reduce((sum, pool) => sum + pool.ready, 0);
  byId('waits').textContent = plan.demand.reduce((sum, line) => sum + line.count, 0);
  fill('pools', plan.pools.map((p) => [p.pool, p.ready, p.launching + p.booting, p.neverJoined, p.wanted, p.limit]));
  fill('demand', plan.demand.map((d) => [d.runSpec, d.count, d.onExisting, d.onComing, d.onBought, d.unplaced, d.why]));
  byId('idle').textContent = plan.demand.length === 0 ? 'No task waits.' : '';
};
const left = (d) => d.left.map((l) => l.count + ' of ' + l.runSpec + (l.why ? ' (' + l.why + ')' : '')).join(', ') || STAGES[d.stage];
const STAGES = { asking: 'its tasks are about to be read', moving: 'its tasks move', emptied: 'nothing of Marathon', killing: 'what is left is killed', returning: 'it is offered again' };
const stand = (all) => {
  const of = (name) => all.flatMap((status) => status[name] || []);
  const [drains, drained, surges, brakes] = ['drains', 'drained', 'surges', 'brakes'].map(of);
  fill('drains', drains.map((d) => [d.machine, d.pool, d.cause, d.by + ': ' + d.reason, at(d.since), at(d.deadline), left(d)]));
  byId('still').textContent = drains.length === 0 ? 'No agent is being emptied.' : '';
  fill('surges', surges.map((s) => [s.runSpec, s.base, Math.max(s.base, ...s.written), at(s.since)]));
  fill('drained', drained.map((d) => [d.machine, d.pool, d.cause, d.end, at(d.since), at(d.at), d.why]));
  fill('brakes', brakes.map((b) => [b.subject, b.count, b.code, b.why, b.until ? at(b.until) : '']));
  for (const [part, rows] of [['surging', surges], ['ended', drained], ['held', brakes]]) byId(part).hidden = rows.length === 0;
};
const look = async () => {
  try { show(await (await fetch('/live.json')).json()); stand(await (await fetch('/api/status')).json()); } catch { byId('lost').textContent = 'The fleet was stopped.'; }
  setTimeout(look, 1000);
};
look();`;

export const livePage = (): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>Muster at home</title><style>${STYLE}</style></head><body>
<h1>Muster at home <span id="lost" role="status"></span></h1>
<div class="figures">
<div><b id="time">-</b>virtual time</div><div><b id="ready">-</b>agents ready</div>
<div><b id="running">-</b>tasks running</div><div><b id="waits">-</b>tasks waiting</div><div><b id="cost">-</b>an hour</div>
</div>
<h2>Pools</h2><div class="scroll"><table><thead><tr><th>Pool<th class="n">Ready<th class="n">On their way<th class="n">Never joined<th class="n">Wanted<th class="n">Limit</tr></thead><tbody id="pools"></tbody></table></div>
<h2>Agents being emptied</h2><div class="scroll"><table><thead><tr><th>Machine<th>Pool<th>Cause<th>Who and why<th>Since<th>Until<th>What is left, and what it waits for</tr></thead><tbody id="drains"></tbody></table></div><p id="still"></p>
<div id="surging" hidden><h2>More instances while tasks move</h2><div class="scroll"><table><thead><tr><th>App<th class="n">Wants<th class="n">Has up to<th>Since</tr></thead><tbody id="surges"></tbody></table></div></div>
<div id="held" hidden><h2>Not done, and why</h2><div class="scroll"><table><thead><tr><th>What<th class="n">How many<th>Code<th>Why<th>Until</tr></thead><tbody id="brakes"></tbody></table></div></div>
<div id="ended" hidden><h2>Emptied within the last hour</h2><div class="scroll"><table><thead><tr><th>Machine<th>Pool<th>Cause<th>End<th>Since<th>At<th>Why</tr></thead><tbody id="drained"></tbody></table></div></div>
<h2>Waiting tasks at the last turn</h2><div class="scroll"><table><thead><tr><th>App<th class="n">Wait<th class="n">Fit<th class="n">Coming<th class="n">Bought<th class="n">Without room<th>Why</tr></thead><tbody id="demand"></tbody></table></div><p id="idle"></p>
<h2>What happens, newest first</h2><pre id="lines" aria-live="polite"></pre>
<script>${SCRIPT}</script></body></html>`;
