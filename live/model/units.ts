// Numbers as people read them, by Grafana's names of units: `celsius`, `s`, `bytes`, `cps` … A unit that
// is not known stands behind the number as it is written, as in Grafana. Pure.

export interface Shown {
  readonly text: string;
  /** Stands after the number, in smaller letters where there is room. */
  readonly suffix: string;
  readonly prefix?: string;
}

interface Scale {
  readonly factors: readonly number[];
  readonly names: readonly string[];
}

const THOUSANDS: Scale = {
  factors: [1, 1e3, 1e6, 1e9, 1e12],
  names: ['', ' K', ' Mil', ' Bil', ' Tri'],
};
const binary = (unit: string): Scale => ({
  factors: [1, 2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40, 2 ** 50],
  names: [` ${unit}`, ` Ki${unit}`, ` Mi${unit}`, ` Gi${unit}`, ` Ti${unit}`, ` Pi${unit}`],
});
const metric = (unit: string): Scale => ({
  factors: [1, 1e3, 1e6, 1e9, 1e12, 1e15],
  names: [` ${unit}`, ` k${unit}`, ` M${unit}`, ` G${unit}`, ` T${unit}`, ` P${unit}`],
});
const rate = (unit: string): Scale => ({
  factors: [1, 1e3, 1e6, 1e9],
  names: [` ${unit}/s`, `K ${unit}/s`, `M ${unit}/s`, `G ${unit}/s`],
});
/** Times in seconds, from nanoseconds to years. */
const TIME: Scale = {
  factors: [1e-9, 1e-6, 1e-3, 1, 60, 3_600, 86_400, 604_800, 31_536_000],
  names: [' ns', ' µs', ' ms', ' s', ' min', ' h', ' days', ' weeks', ' years'],
};

const SCALES: Readonly<Record<string, Scale>> = {
  short: THOUSANDS,
  bytes: binary('B'),
  decbytes: metric('B'),
  bits: binary('b'),
  decbits: metric('b'),
  binBps: binary('B/s'),
  Bps: metric('B/s'),
  bps: metric('b/s'),
  cps: rate('c'),
  ops: rate('ops'),
  reqps: rate('req'),
  rps: rate('rd'),
  wps: rate('wr'),
  iops: rate('io'),
  eps: rate('evt'),
  mps: rate('msg'),
  recps: rate('rec'),
  rowsps: rate('rows'),
  pps: rate('p'),
};

const SUFFIXES: Readonly<Record<string, string>> = {
  none: '',
  string: '',
  percent: '%',
  celsius: ' °C',
  fahrenheit: ' °F',
  kelvin: ' K',
  humidity: '%',
  ppm: ' ppm',
  conppm: ' ppm',
  conppb: ' ppb',
  lux: ' lx',
  volt: ' V',
  watt: ' W',
  dB: ' dB',
  pressurehpa: ' hPa',
  velocityms: ' m/s',
  velocitykmh: ' km/h',
};

const SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
};

/** Formats a number; `decimals` undefined takes as many as the number is worth. */
export function formatNumber(
  value: number,
  unit = '',
  decimals?: number,
  nowMs = Date.now(),
): Shown {
  if (!Number.isFinite(value))
    return { text: value > 0 ? '∞' : value < 0 ? '−∞' : 'NaN', suffix: '' };
  const moment = momentText(value, unit, nowMs);
  if (moment !== undefined) return { text: moment, suffix: '' };
  if (unit in SECONDS) return duration(value * SECONDS[unit]!, SECONDS[unit]!, decimals);
  if (unit in SCALES) return scaled(value, SCALES[unit]!, decimals);
  switch (unit) {
    case 'percentunit':
      return { text: plain(value * 100, decimals), suffix: '%' };
    case 'bool':
      return { text: value === 0 ? 'False' : 'True', suffix: '' };
    case 'bool_yes_no':
      return { text: value === 0 ? 'No' : 'Yes', suffix: '' };
    case 'bool_on_off':
      return { text: value === 0 ? 'Off' : 'On', suffix: '' };
    case 'locale':
      return {
        text: value.toLocaleString('en-US', { maximumFractionDigits: decimals ?? 3 }),
        suffix: '',
      };
    case 'sci':
      return { text: value.toExponential(decimals), suffix: '' };
    case '':
      return { text: plain(value, decimals), suffix: '' };
  }
  const [, kind, rest = ''] = /^(suffix|prefix|si|short):(.*)$/.exec(unit) ?? [];
  const text = plain(value, decimals);
  if (kind === 'prefix') return { text, suffix: '', prefix: rest };
  if (kind === 'si') return scaled(value, metric(rest), decimals);
  if (kind !== undefined) return { text, suffix: ` ${rest}` };
  return { text, suffix: SUFFIXES[unit] ?? ` ${unit}` };
}

/** Number and unit in one text. */
export function numberText(value: number, unit?: string, decimals?: number): string {
  const { text, suffix, prefix = '' } = formatNumber(value, unit, decimals);
  return prefix + text + suffix;
}

function momentText(ms: number, unit: string, nowMs: number): string | undefined {
  if (unit === 'dateTimeFromNow') return ago(nowMs - ms);
  if (!unit.startsWith('dateTime') && !unit.startsWith('time:')) return undefined;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'Invalid date' : timeText(ms);
}

/** A moment as the page writes it, in the time zone of the reader, with milliseconds where there are any. */
export function timeText(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  const iso = local.toISOString().replace('T', ' ').slice(0, -1);
  return iso.endsWith('.000') ? iso.slice(0, -4) : iso;
}

/** `12 s ago`, `in 3 min`. */
export function ago(ms: number): string {
  // Nobody needs to know how many milliseconds ago something was.
  const sec = Math.abs(ms) / 1_000;
  if (sec < 0.05) return 'now';
  const { text, suffix } =
    sec < 10 ? { text: sec.toFixed(1), suffix: ' s' } : scaled(sec, TIME, sec < 3_600 ? 0 : 1);
  return ms >= 0 ? `${text}${suffix} ago` : `in ${text}${suffix}`;
}

/** Decimals are of the unit that was asked for: a length shown in a smaller one gets as many as it is worth. */
function duration(seconds: number, unitSec: number, decimals: number | undefined): Shown {
  const size = Math.abs(seconds);
  const smaller = size > 0 && size < Math.min(1, unitSec);
  return scaled(seconds, TIME, smaller ? undefined : decimals);
}

function scaled(value: number, { factors, names }: Scale, decimals: number | undefined): Shown {
  const size = Math.abs(value);
  const first = factors.findIndex((factor) => factor >= 1);
  let at = size === 0 ? first : factors.findLastIndex((factor) => size >= factor);
  if (at === -1) at = factors[0]! < 1 ? 0 : first;
  // A count below a thousand is whole unless somebody asked for decimals.
  return { text: plain(value / factors[at]!, decimals), suffix: names[at]! };
}

function plain(value: number, decimals: number | undefined): string {
  const text = value.toFixed(Math.min(20, decimals ?? worthwhile(value)));
  return decimals === undefined && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** About three significant digits. */
function worthwhile(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || Number.isInteger(value)) return 0;
  return Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(size))));
}
