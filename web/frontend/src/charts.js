// Each chart is drawn from the table that stands beside it: `data-chart` names the kind, `data-drawn` the columns. Without scripts the table
// says the same.
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip } from 'chart.js';

Chart.register(BarController, BarElement, CategoryScale, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip);

const LONGEST = 28;
const MOST = 20;

function colours() {
  const style = getComputedStyle(document.documentElement);
  const ink = getComputedStyle(document.body).color;
  const name = (key, otherwise) => style.getPropertyValue(key).trim() || otherwise;
  return { ink, line: name('--line', '#d5dae1'), paint: (key) => name(`--${key}`, ink) };
}

/** What stands in the table: the labels of its rows, and one series per column that is drawn. */
function read(table, columns) {
  const rows = [...table.tBodies[0].rows].slice(0, table.dataset.kind === 'lying' ? MOST : undefined);
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  return {
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    series: columns.map((column) => ({
      label: heads[column],
      // Nothing is not zero: a week without deadlines has no share.
      data: rows.map((row) => (row.cells[column].dataset.value === '' ? null : Number(row.cells[column].dataset.value))),
    })),
  };
}

function draw(figure) {
  const table = document.getElementById(figure.dataset.table);
  const { labels, series } = read(table, figure.dataset.drawn.split(',').map(Number));
  const { ink, line, paint } = colours();
  const paints = figure.dataset.paints.split(',').map(paint);
  const lying = figure.dataset.chart === 'lying';
  const unit = figure.dataset.unit ? ` ${figure.dataset.unit}` : '';
  const write = (value) => `${new Intl.NumberFormat(document.documentElement.lang).format(value)}${unit}`;
  const names = { ticks: { color: ink, autoSkip: !lying, callback(index) { return short(this.getLabelForValue(index)); } }, grid: { display: false } };
  const values = { beginAtZero: true, ticks: { color: ink, precision: unit ? undefined : 0, callback: write }, grid: { color: line }, max: unit === ' %' ? 100 : undefined };
  if (lying) figure.style.height = `${80 + labels.length * 22 * Math.max(1, series.length * 0.7)}px`;
  new Chart(figure.querySelector('canvas'), {
    type: figure.dataset.chart === 'line' ? 'line' : 'bar',
    data: { labels, datasets: series.map((one, n) => ({ ...one, backgroundColor: paints[n], borderColor: paints[n], borderWidth: figure.dataset.chart === 'line' ? 2 : 0, pointRadius: 3, spanGaps: false, clip: 6 })) },
    options: {
      indexAxis: lying ? 'y' : 'x',
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      font: { family: 'Be Vietnam Pro' },
      plugins: {
        legend: { display: series.length > 1, labels: { color: ink, boxWidth: 12 } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${write(item.raw)}` } },
      },
      scales: lying ? { y: names, x: values } : { x: names, y: values },
    },
  });
  figure.dataset.ready = 'true';
}

function short(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

Chart.defaults.font.family = "'Be Vietnam Pro', sans-serif";
for (const figure of document.querySelectorAll('[data-chart]')) draw(figure);
