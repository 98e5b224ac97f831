// What every kind of panel is to the page: something that draws answers into a box and can be told that
// time has gone on.
import type { Panel } from '../../model/dashboard.ts';
import type { Frame } from '../../model/protocol.ts';

export interface DrawContext {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  /** A safe address for a link of the dashboard; undefined when it is none. */
  readonly link: (
    url: string,
    row?: { fields: Readonly<Record<string, string>>; value: string },
  ) => string | undefined;
}

export interface Renderer {
  /** Draws an answer that has rows. */
  draw(frames: readonly Frame[], context: DrawContext): void;
  /** Time has gone on, the answer is the same. */
  move?(context: DrawContext): void;
  destroy?(): void;
}

export interface Surroundings {
  readonly panel: Panel;
  /** Where to draw; empty at the start. */
  readonly box: HTMLElement;
  /** Called when somebody chose a part of the time axis. */
  readonly zoom: (fromMs: number, toMs: number) => void;
  /** Called when somebody wants to see a longer time. */
  readonly zoomOut: () => void;
}

export type CreateRenderer = (surroundings: Surroundings) => Renderer;

/** Calls `changed` when the box has another size; the result ends that. */
export function onResize(
  box: HTMLElement,
  changed: (width: number, height: number) => void,
): () => void {
  const observer = new ResizeObserver(([entry]) => {
    const { height, width } = entry!.contentRect;
    if (width > 0 && height > 0) changed(width, height);
  });
  observer.observe(box);
  return () => observer.disconnect();
}
