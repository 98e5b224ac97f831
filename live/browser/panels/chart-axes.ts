// The axes of a chart in the page's colours: times below, values on both sides, with labels that differ.
import type uPlot from 'uplot';
import type { FieldDisplay } from '../../model/dashboard.ts';
import { numberText } from '../../model/units.ts';
import { theme } from '../theme.ts';

const FONT = '12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const AXIS_CHARACTER_PX = 7;

const DAY_SEC = 86_400;
/** uPlot's own, with 2 and 3 minutes: from 1 to 5, a window of ten minutes had one label. */
const TIME_STEPS_SEC = [
  ...[0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1_800],
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * 3_600),
  ...[1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 90, 120, 180].map((days) => days * DAY_SEC),
  ...[1, 2, 5, 10, 25, 50, 100].map((years) => years * 365 * DAY_SEC),
];

/** Lines of one unit on one side share a scale and its axis. */
export interface Measure {
  readonly key: string;
  readonly scale: string;
  readonly display: FieldDisplay;
  readonly isRight: boolean;
}

interface Drawing {
  readonly axisLabel?: string;
  readonly axisPlacement?: string;
}

/** Times as they are read on the wall, to the second where minutes would be the same. */
export function timeAxis(): uPlot.Axis {
  return {
    ...ink(),
    ...{ size: 28, space: 62, incrs: TIME_STEPS_SEC },
    grid: { show: false },
    values: timeLabels,
  };
}

function ink(): uPlot.Axis {
  const [stroke, grid] = theme() === 'dark' ? ['#9aa8bc', '#1f2a3d'] : ['#566375', '#e4e9f0'];
  return { stroke, font: FONT, ticks: { show: false }, grid: { stroke: grid, width: 1 } };
}

export function valueAxis({ display, isRight, scale: key }: Measure, index: number): uPlot.Axis {
  const { axisLabel, axisPlacement } = (display.custom ?? {}) as Drawing;
  const common = ink();
  return {
    ...common,
    scale: key,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum is in uPlot's types only
    side: isRight ? 1 : 3,
    show: axisPlacement !== 'hidden',
    // Two grids on top of each other would be none.
    grid: { ...common.grid, show: index === 0 },
    ...(axisLabel ? { label: axisLabel, labelFont: FONT, labelSize: 18 } : {}),
    space: 32,
    values: (_, splits) => axisLabels(splits, display),
    // Null while the chart is made, whatever its type says.
    size: (_, values: string[] | null) =>
      14 + AXIS_CHARACTER_PX * Math.max(3, ...(values ?? []).map(({ length }) => length)),
  };
}

/** As many decimals as neighbouring lines of the grid need to differ. */
function axisLabels(splits: number[], { unit }: FieldDisplay): string[] {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  const exact = [0, 1, 2, 3, 4, 5, 6, 7].find((digits) => {
    const shifted = step * 10 ** digits;
    return Math.abs(shifted - Math.round(shifted)) < 1e-6;
  });
  const worth = exact ?? 8;
  const isScaled = ['short', 'cps', 's', 'ms', 'bytes', 'decbytes'].includes(unit ?? '');
  return splits.map((value) => numberText(value, unit, isScaled ? undefined : worth));
}

function timeLabels(self: uPlot, splits: number[]): string[] {
  const lengthSec = (self.scales['x']!.max ?? 0) - (self.scales['x']!.min ?? 0);
  return splits.map((sec, i) => {
    const at = new Date(sec * 1_000);
    const two = (value: number): string => String(value).padStart(2, '0');
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
    if (lengthSec > 86_400 * 3) return day;
    if (lengthSec > 86_400) return i === 0 || time === '00:00' ? `${day.slice(5)} ${time}` : time;
    return lengthSec <= 300 ? `${time}:${two(at.getSeconds())}` : time;
  });
}
