// Dark or light: by the system until somebody chooses, then by the choice on this machine. Loaded before the
// page is drawn.
import type { Theme } from '../model/colors.ts';

const KEY = 'sensorhouse-theme';
const system = matchMedia('(prefers-color-scheme: light)');
const listeners = new Set<() => void>();

function chosen(): Theme | undefined {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'dark' || stored === 'light' ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** The theme the page has now. */
export function theme(): Theme {
  return document.documentElement.dataset['theme'] === 'light' ? 'light' : 'dark';
}

function apply(next: Theme): void {
  document.documentElement.dataset['theme'] = next;
  for (const listener of listeners) listener();
}

/** Changes to the other theme and remembers it. */
export function toggleTheme(): void {
  const next = theme() === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
  apply(next);
}

/** Calls `listener` after every change. */
export function onTheme(listener: () => void): void {
  listeners.add(listener);
}

apply(chosen() ?? (system.matches ? 'light' : 'dark'));
system.addEventListener('change', () => {
  if (chosen() === undefined) apply(system.matches ? 'light' : 'dark');
});
