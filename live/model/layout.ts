// The places of panels: the 24 columns of the dashboard, rows that open and close, and panels that repeat for
// every value of a variable.
import type { Panel } from './dashboard.ts';

export interface Placed {
  readonly panel: Panel;
  /** The value of a repeated panel. */
  readonly repeated: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const COLUMNS = 24;
const MOST_PER_ROW = 4;

/** Every panel with its place; a repeated panel pushes down what lies below it. */
export function layoutOf(
  panels: readonly Panel[],
  valuesOf: (variable: string) => readonly string[],
): Placed[] {
  const result: Placed[] = [];
  let shift = 0;
  for (const panel of inOrder(panels)) {
    const { h, w, x, y } = panel.gridPos;
    if (panel.repeat === undefined || panel.type === 'row') {
      result.push({ panel, repeated: undefined, x, y: y + shift, w, h });
      continue;
    }
    const values = valuesOf(panel.repeat);
    const { maxPerRow = MOST_PER_ROW } = panel as { maxPerRow?: number };
    const perRow = Math.max(1, Math.min(values.length, maxPerRow));
    const width = Math.floor(COLUMNS / perRow);
    values.forEach((repeated, i) => {
      const row = Math.floor(i / perRow);
      result.push({
        panel: titled(panel, repeated),
        repeated,
        x: (i % perRow) * width,
        y: y + shift + row * h,
        w: width,
        h,
      });
    });
    shift += (Math.ceil(Math.max(1, values.length) / perRow) - 1) * h;
  }
  return result;
}

function inOrder(panels: readonly Panel[]): Panel[] {
  return panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
}

function titled(panel: Panel, value: string): Panel {
  const name = panel.repeat!;
  const title = panel.title.replace(
    new RegExp(`\\$\\{${name}(:\\w+)?\\}|\\$${name}\\b|\\[\\[${name}\\]\\]`, 'g'),
    () => value,
  );
  return { ...panel, title: title === panel.title ? `${title} · ${value}` : title };
}
