// How uPlot is to draw a panel: lines, areas, bars or points as the panel's custom settings say, scales, and
// lines for thresholds.
import uPlot from 'uplot';
import { namedColor } from '../../model/colors.ts';
import type { FieldDisplay, Panel } from '../../model/dashboard.ts';
import { theme } from '../theme.ts';
import { timeAxis, valueAxis, type Measure } from './chart-axes.ts';

export interface ChartLine {
  readonly name: string;
  readonly color: string;
  readonly display: FieldDisplay;
  /** Lines with the same one stand on each other, the first of them on top. */
  readonly stack: string | undefined;
  /** A value as people read it. */
  readonly tell: (value: number) => string;
}

export interface Chart {
  readonly lines: readonly ChartLine[];
  readonly panel: Panel;
  readonly size: { readonly width: number; readonly height: number };
  /** The window in seconds. */
  readonly range: () => [number, number];
  readonly zoom: (fromSec: number, toSec: number) => void;
  readonly zoomOut: () => void;
}

interface Drawing {
  readonly drawStyle?: 'line' | 'bars' | 'points';
  readonly lineInterpolation?: 'linear' | 'smooth' | 'stepBefore' | 'stepAfter';
  readonly lineWidth?: number;
  readonly fillOpacity?: number;
  readonly showPoints?: 'auto' | 'always' | 'never';
  readonly pointSize?: number;
  readonly axisPlacement?: string;
  readonly axisSoftMin?: number;
  readonly axisSoftMax?: number;
  readonly scaleDistribution?: { readonly type?: string };
  readonly thresholdsStyle?: { readonly mode?: string };
}

/** Crosshairs of all charts on the page go together; dragging and clicking are for one chart only. */
const SYNC: uPlot.Cursor.Sync = {
  key: 'sensorhouse',
  setSeries: false,
  filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
};
const LEAST_DRAG_PX = 8;

/** Everything but the data. */
export function chartOptions(chart: Chart): uPlot.Options {
  const { lines, panel, range, size, zoom, zoomOut } = chart;
  const measures = measuresOf(lines, panel);
  return {
    ...size,
    // The last time stands half beside the chart.
    padding: [10, measures.some(({ isRight }) => isRight) ? 0 : 28, 0, 0],
    legend: { show: false },
    cursor: {
      sync: SYNC,
      // uPlot would show all the data it has.
      bind: { dblclick: () => () => (zoomOut(), null) },
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false },
      y: false,
    },
    focus: { alpha: 0.3 },
    scales: {
      x: { time: true, range: () => range() },
      ...Object.fromEntries(measures.map((each) => [each.scale, scale(each.display)])),
    },
    axes: [timeAxis(), ...measures.map(valueAxis)],
    series: [{}, ...lines.map((line) => series(line, scaleOf(line, measures), lines.length))],
    bands: bandsOf(lines),
    hooks: {
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width < LEAST_DRAG_PX) return;
          zoom(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'));
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      drawAxes: [(self) => drawThresholds(self, measures[0]!.display)],
    },
  };
}

/** The fill of a stacked line ends at the next one of its stack. */
function bandsOf(lines: readonly ChartLine[]): uPlot.Band[] {
  return lines.flatMap(({ stack }, i): uPlot.Band[] => {
    const below = lines.findIndex((other, at) => at > i && other.stack === stack);
    return stack === undefined || below === -1 ? [] : [{ series: [i + 1, below + 1] }];
  });
}

/** Stacked shares are shares, whatever their values are. */
function axisDisplay({ display, stack }: ChartLine): FieldDisplay {
  if (stack?.startsWith('percent') !== true) return display;
  const { decimals: _, ...rest } = display;
  return { ...rest, unit: 'percentunit', min: 0, max: 1 };
}

function measureKey({ custom, unit = '' }: FieldDisplay): string {
  return `${unit} ${((custom ?? {}) as Drawing).axisPlacement ?? ''}`;
}

function measuresOf(lines: readonly ChartLine[], panel: Panel): Measure[] {
  const displays = lines.map(axisDisplay);
  if (displays.length === 0) displays.push(panel.fieldConfig?.defaults ?? {});
  const byKey = new Map(displays.toReversed().map((display) => [measureKey(display), display]));
  const keys = [...new Set(displays.map(measureKey))];
  return keys.map((key, i) => {
    const display = byKey.get(key)!;
    const placement = ((display.custom ?? {}) as Drawing).axisPlacement;
    const isRight = placement === 'right' || (placement !== 'left' && i > 0);
    return { key, scale: i === 0 ? 'y' : `y${i}`, display, isRight };
  });
}

function scaleOf(line: ChartLine, measures: readonly Measure[]): string {
  const own = measureKey(axisDisplay(line));
  return measures.find(({ key }) => key === own)!.scale;
}

function scale(display: FieldDisplay): uPlot.Scale {
  const { scaleDistribution } = (display.custom ?? {}) as Drawing;
  const isLog = scaleDistribution?.type === 'log';
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum is in uPlot's types only
  return { distr: isLog ? 3 : 1, range: valueRange(display, isLog) };
}

/** A little air above and below, and the panel's own bounds where it has them. */
function valueRange({ custom, max, min }: FieldDisplay, isLog: boolean): uPlot.Scale.Range {
  const { axisSoftMax, axisSoftMin } = (custom ?? {}) as Drawing;
  return (_, low, high) => {
    if (isLog) return uPlot.rangeLog(low > 0 ? low : 0.1, high > 0 ? high : 1, 10, true);
    // Null where there are no values, whatever its type says.
    const [lowest, highest] = Number.isFinite(low) && Number.isFinite(high) ? [low, high] : [0, 1];
    const soft: [number, number] = [
      Math.min(lowest, axisSoftMin ?? lowest),
      Math.max(highest, axisSoftMax ?? highest),
    ];
    const [from, to] = uPlot.rangeNum(soft[0], soft[1], 0.1, true);
    return [min ?? from, Math.max(max ?? to!, (min ?? from!) + Number.EPSILON)];
  };
}

function series(
  { color, display, name, stack }: ChartLine,
  scaleKey: string,
  lineCount: number,
): uPlot.Series {
  const custom = (display.custom ?? {}) as Drawing;
  const { drawStyle = 'line', lineInterpolation, lineWidth = 1 } = custom;
  const opacity = fillOpacity(custom, stack !== undefined, lineCount);
  const isFlat = stack !== undefined || drawStyle === 'bars';
  return {
    label: name,
    scale: scaleKey,
    stroke: drawStyle === 'points' ? 'transparent' : color,
    width: drawStyle === 'bars' ? 1 : Math.max(1.5, lineWidth),
    ...(opacity === 0
      ? {}
      : { fill: isFlat ? translucent(color, opacity) : gradient(color, opacity) }),
    ...pathsOf(drawStyle, lineInterpolation),
    points: {
      show:
        drawStyle === 'points' || custom.showPoints === 'always'
          ? true
          : custom.showPoints === 'never' || drawStyle === 'bars'
            ? false
            : alone,
      size: custom.pointSize ?? 5,
      fill: color,
      stroke: color,
    },
  };
}

/** In percent. Fills that lie over each other would mix to grey, so lines side by side have none. */
function fillOpacity(custom: Drawing, isStacked: boolean, lineCount: number): number {
  const { drawStyle = 'line', fillOpacity: asked = 0 } = custom;
  // Stacked bars lie on top of each other, so nothing may shine through.
  if (drawStyle === 'bars') return isStacked ? 100 : asked === 0 ? 80 : asked;
  return isStacked || lineCount === 1 ? asked : 0;
}

function translucent(color: string, percent: number): string {
  return `color-mix(in srgb, ${color} ${Math.min(100, percent)}%, transparent)`;
}

/** Points only where a value has no neighbour and would not be seen as a line. */
function alone(self: uPlot, line: number, from: number, to: number): boolean {
  const values = self.data[line]!;
  let count = 0;
  for (let at = from; at <= to; at += 1) if (typeof values[at] === 'number') count += 1;
  return count < 3;
}

function gradient(color: string, opacity: number): uPlot.Series.Fill {
  return (self) => {
    const { height, top } = self.bbox;
    if (!Number.isFinite(height) || height <= 0) return 'transparent';
    const fill = self.ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, translucent(color, opacity * 1.3));
    fill.addColorStop(1, translucent(color, 2));
    return fill;
  };
}

function pathsOf(
  style: string,
  interpolation: string | undefined,
): { paths?: uPlot.Series.PathBuilder } {
  const { bars, spline, stepped } = uPlot.paths;
  if (style === 'bars') return { paths: bars!({ size: [0.8, 60], radius: 0.1 }) };
  if (style === 'points') return { paths: () => null };
  if (interpolation === 'smooth') return { paths: spline!() };
  if (interpolation === 'stepAfter') return { paths: stepped!({ align: 1 }) };
  if (interpolation === 'stepBefore') return { paths: stepped!({ align: -1 }) };
  return {};
}

function drawThresholds(self: uPlot, { custom, thresholds }: FieldDisplay): void {
  const mode = ((custom ?? {}) as Drawing).thresholdsStyle?.mode ?? 'off';
  if (mode === 'off' || thresholds === undefined) return;
  const { ctx } = self;
  const { height, left, top, width } = self.bbox;
  ctx.save();
  ctx.setLineDash(mode.startsWith('dashed') ? [6, 5] : []);
  ctx.lineWidth = 1.5;
  for (const { color, value } of thresholds.steps) {
    if (value === null) continue;
    const y = self.valToPos(value, 'y', true);
    if (y < top || y > top + height) continue;
    ctx.strokeStyle = namedColor(color, theme());
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.restore();
}
